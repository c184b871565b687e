import type { Project, Service } from '../../../formats/compose/types.ts';
import type { ServiceFacts, Warn } from '../types.ts';
import { labelName } from './names.ts';

/** A member that is undefined is not written. */
export type Json = Readonly<Record<string, unknown>>;

/** Names of what a project has, in the cluster. */
export interface ClusterNames {
  /** Of the workload, and the name by which others reach it. */
  readonly service: (name: string) => string;
  readonly network: (name: string) => string;
  readonly volume: (name: string) => string;
  readonly config: (name: string) => string;
  readonly secret: (name: string) => string;
}

export interface WorkloadInput {
  readonly project: Project;
  readonly service: Service;
  readonly facts: ServiceFacts;
  readonly names: ClusterNames;
  readonly warn: Warn;
}

/** Key of the one entry of a ConfigMap or Secret that is a file. */
export const CONTENT_KEY = 'content';

/** The labels by which the pods of a service are found. */
export function selectorOf({
  names,
  project,
  service,
}: Omit<WorkloadInput, 'facts' | 'warn'>): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': names.service(service.name),
    'app.kubernetes.io/instance': labelName(project.name),
  };
}

export function metadata(name: string, input: Omit<WorkloadInput, 'facts' | 'warn'>): Json {
  return { name, labels: { ...selectorOf(input), ...partOf(input) } };
}

export function partOf({ project }: Pick<WorkloadInput, 'project'>): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/part-of': labelName(project.name), 'app.kubernetes.io/managed-by': 'tare' };
}

/** The pods of one network of this project. */
export function networkPeers(input: Pick<WorkloadInput, 'names' | 'project'>, network: string): Json {
  const matchLabels = { 'app.kubernetes.io/instance': labelName(input.project.name), ...networkLabel(input, network) };
  return { podSelector: { matchLabels } };
}

/** Pods of one network have it. */
export function networkLabel(
  { names }: Pick<WorkloadInput, 'names'>,
  network: string,
): Readonly<Record<string, string>> {
  return { [`network.tare/${names.network(network)}`]: 'true' };
}
