import { fromErrno, TareError } from '../../base/error.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { yamlValue } from '../../base/yaml.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Tightness } from '../../plan/types.ts';
import { probeName } from '../../sandbox/probes/index.ts';
import { probeOfValue } from '../../sandbox/probes/parse.ts';
import type { Probe } from '../../sandbox/types.ts';

const MAX_FILE_BYTES = 1024 * 1024; // 1 MiB

/** A question to one service of a system. Ports are its container's own. */
export interface SystemProbe {
  readonly service: string;
  readonly probe: Probe;
}

/** `gateway: http GET 8080/status`. */
export const systemProbeName = ({ probe, service }: SystemProbe): string => `${service}: ${probeName(probe)}`;

/**
 * `x-tare: {probes: [{service, http: …}, …]}` of a Compose file: probes as in tare.yaml, each with the service that is asked; it may be left out when
 * only one service publishes ports.
 * @throws TareError E_CONFIG, E_COMPOSE
 */
export function probesOfProject(project: Project): readonly SystemProbe[] {
  const file = project.files[0] ?? project.name;
  const extension = fieldsOf(project.extensions['x-tare'], `${file}: x-tare`);
  const unknown = Object.keys(extension).find((key) => key !== 'probes');
  if (unknown !== undefined) throw wrong(`${file}: x-tare.${unknown} is unknown: there is probes`);
  return probesOfList(project, extension['probes'] ?? [], `${file}: x-tare.probes`);
}

/** A list of such probes in a file of its own. @throws TareError E_CONFIG, E_COMPOSE, E_PATH_NOT_FOUND, E_LIMIT */
export async function probesOfFile(project: Project, file: string): Promise<readonly SystemProbe[]> {
  let text: string;
  try {
    text = (await readSmallFile(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read the probes ${file}`);
  }
  const parsed = yamlValue(text);
  if ('problem' in parsed) throw new TareError('E_CONFIG', `${file}${parsed.at}: ${parsed.problem}`);
  return probesOfList(project, parsed.value, file);
}

function probesOfList(project: Project, probes: unknown, name: string): readonly SystemProbe[] {
  if (!Array.isArray(probes)) throw wrong(`${name} is not a list`);
  return probes.map((value: unknown, index): SystemProbe => {
    const where = `${name}[${index}]`;
    const { service: named, ...rest } = fieldsOf(value, where);
    const service = named === undefined ? onlyPublic(project, where) : named;
    if (typeof service !== 'string' || !project.services.some(({ name }) => name === service))
      throw wrong(
        `${where}.service is none of the services: there are ${project.services.map((each) => each.name).join(', ')}`,
      );
    return { service, probe: probeOfValue(rest, where) };
  });
}

/** What a service says of itself in its own `x-tare`. */
export interface ServiceSettings {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly tightness?: Tightness;
  /** False: its image stays as it is; so does that of a service without a container, of which nothing is seen. */
  readonly shrink: boolean;
}

/** @throws TareError E_COMPOSE */
export function settingsOf(service: Project['services'][number]): ServiceSettings {
  const where = `${service.at}: ${service.name}.x-tare`;
  const fields = fieldsOf(service.extensions['x-tare'], where);
  const unknown = Object.keys(fields).find((key) => !['include', 'exclude', 'tightness', 'shrink'].includes(key));
  if (unknown !== undefined)
    throw wrong(`${where}.${unknown} is unknown: there are include, exclude, tightness and shrink`);
  const list = (key: string): readonly string[] => {
    const value = fields[key] ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
      throw wrong(`${where}.${key} is not a list of texts`);
    return value as string[];
  };
  const { shrink = true, tightness } = fields;
  if (typeof shrink !== 'boolean') throw wrong(`${where}.shrink is neither true nor false`);
  if (tightness !== undefined && !isTightness(tightness))
    throw wrong(`${where}.tightness is none of used, reachable and packages`);
  return {
    include: list('include'),
    exclude: list('exclude'),
    shrink: shrink && service.replicas > 0,
    ...(tightness === undefined ? {} : { tightness }),
  };
}

const isTightness = (value: unknown): value is Tightness =>
  value === 'used' || value === 'reachable' || value === 'packages';

/** Services that can be reached from outside, with the container's ports; those that have a container. */
export const publicPorts = (project: Project): readonly (readonly [service: string, ports: readonly number[]])[] =>
  project.services.flatMap(({ name, ports, replicas }) => {
    if (replicas === 0) return [];
    const tcp = [...new Set(ports.filter(({ protocol }) => protocol === 'tcp').map(({ target }) => target))];
    return tcp.length === 0 ? [] : [[name, tcp] as const];
  });

function onlyPublic(project: Project, where: string): string {
  const [first, ...more] = publicPorts(project);
  if (first === undefined || more.length > 0) throw wrong(`${where} does not say which service is asked`);
  return first[0];
}

function fieldsOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(`${where} is not a map`);
  return value as Record<string, unknown>;
}

function wrong(message: string): TareError {
  return new TareError('E_COMPOSE', message, {
    hint: 'write e.g. `x-tare: {probes: [{service: web, http: {port: 8080, path: /status}}]}`; docs/compose.md has more',
  });
}
