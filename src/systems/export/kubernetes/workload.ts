import type { ServiceMount } from '../../../formats/compose/types.ts';
import { isJob } from '../material.ts';
import { isOwn, VOLUME_SIZE } from './mounts.ts';
import { podSpec } from './pod.ts';
import { metadata, networkLabel, partOf, selectorOf, type Json, type WorkloadInput } from './types.ts';

/** How often what others wait for may fail. */
const JOB_ATTEMPTS = 6;

/** A Job for what others wait for to end; a StatefulSet for what has volumes of its own; else a Deployment. */
export function workloadDocument(input: WorkloadInput): Json {
  const { names, project, service, warn } = input;
  const meta = metadata(names.service(service.name), input);
  const labels = Object.assign(
    {},
    selectorOf(input),
    partOf(input),
    ...service.networks.map(({ name }) => networkLabel(input, name)),
  ) as Json;
  const own = ownVolumes(input);
  if (isJob(project, service.name)) {
    for (const { at, volume } of own)
      warn(at, `${service.name}: a job has no volumes of its own; ${volume} is gone with its pod`);
    const spec = podSpec(input);
    const volumes = [
      ...((spec['volumes'] as readonly Json[] | undefined) ?? []),
      ...own.map(({ volume }) => ({ name: names.volume(volume), emptyDir: {} })),
    ];
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta,
      spec: {
        backoffLimit: JOB_ATTEMPTS,
        template: {
          metadata: { labels },
          spec: { restartPolicy: 'OnFailure', ...spec, ...(volumes.length === 0 ? {} : { volumes }) },
        },
      },
    };
  }
  const spec = {
    replicas: service.replicas,
    selector: { matchLabels: selectorOf(input) },
    template: { metadata: { labels }, spec: podSpec(input) },
  };
  if (own.length === 0) return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta, spec };
  for (const { at, noCopy, volume } of own) {
    warn(
      at,
      `${service.name}: ${VOLUME_SIZE} is claimed for the volume ${volume}: a project does not say how large it is${noCopy ? '' : '; it is empty at first, without what the image has there'}`,
    );
    if (service.replicas > 1)
      warn(at, `${service.name}: each of its ${service.replicas} pods has a volume ${volume} of its own`);
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: meta,
    spec: {
      serviceName: names.service(service.name),
      ...spec,
      volumeClaimTemplates: own.map(({ volume }) => ({
        metadata: { name: names.volume(volume), labels: selectorOf(input) },
        spec: claimSpec('ReadWriteOnce'),
      })),
    },
  };
}

export function claimSpec(mode: 'ReadWriteOnce' | 'ReadWriteMany'): Json {
  return { accessModes: [mode], resources: { requests: { storage: VOLUME_SIZE } } };
}

type OwnVolume = Extract<ServiceMount, { readonly kind: 'volume' }> & { readonly volume: string };

/** Each once, however often it is mounted. */
function ownVolumes(input: WorkloadInput): readonly OwnVolume[] {
  const own = input.service.mounts.flatMap((mount) =>
    mount.kind === 'volume' && mount.volume !== undefined && isOwn(mount.volume, input)
      ? [[mount.volume, { ...mount, volume: mount.volume }] as const]
      : [],
  );
  return [...new Map(own).values()];
}
