import type { Context } from '../base/events.ts';
import { compareBytes } from '../base/path.ts';
import { readSmallFile } from '../base/small-file.ts';
import { fromErrno } from '../base/error.ts';
import type { Project } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';
import { rootfsOf } from '../pack/roots.ts';
import { lookUpUser } from '../sandbox/user.ts';
import { neededCapabilities, seccompFileOf } from '../sandbox/index.ts';
import type { Observation } from '../sandbox/types.ts';
import type { Store } from '../store/types.ts';
import { exposedPorts } from '../verify/run-spec.ts';
import type { ServiceFacts } from './export/types.ts';
import { plainNameOf, shrunkNameOf } from './images.ts';
import type { ServiceRun, SystemRun } from './prove/observe.ts';

export interface FactsOptions {
  readonly project: Project;
  readonly images: ReadonlyMap<string, Image>;
  /** What was seen of the system while it was asked; without it nobody knows system calls, capabilities and use. */
  readonly seen?: SystemRun;
  /** `registry.example.com/team/`: what stands before the names, where the images will be. */
  readonly repository?: string;
  readonly shrunk: boolean;
  readonly store: Store;
  readonly ctx: Context;
}

/** What an orchestrator has to be told of each service beyond its Compose file. @throws TareError E_USER */
export async function factsOf(options: FactsOptions): Promise<readonly ServiceFacts[]> {
  const facts: ServiceFacts[] = [];
  for (const service of options.project.services) {
    const image = options.images.get(service.name);
    if (image === undefined) throw new Error(`no image for ${service.name}`);
    facts.push(await factsOfService(service, image, options));
  }
  return facts;
}

async function factsOfService(
  service: Project['services'][number],
  image: Image,
  { ctx, project, repository: prefix = '', seen, shrunk, store }: FactsOptions,
): Promise<ServiceFacts> {
  const config = image.config.config ?? {};
  const user = service.user ?? config.User ?? '';
  const rootfs = await rootfsOf({ image, store, ctx });
  let ids: { readonly uid: number; readonly gid: number };
  try {
    const { gid, uid } = lookUpUser(rootfs.dir, user);
    ids = { uid, gid };
  } finally {
    await rootfs.release();
  }
  const run = seen?.services.get(service.name);
  const name = (shrunk ? shrunkNameOf : plainNameOf)(project, service);
  const repository = name.replace(/:[^/:]*$/, '');
  return {
    service: service.name,
    image: `${prefix === '' ? repository : `${prefix}${withoutHost(repository)}`}@${image.descriptor.digest}`,
    config,
    ports: portsOf(image, run?.observations ?? []).map((port) => ({ port, protocol: 'tcp' as const })),
    user: ids,
    ...(run === undefined ? {} : observedOf(run, image, ids.uid)),
  };
}

/** A registry is a first part with a dot, a port, or `localhost`: the other images came from there. */
const withoutHost = (repository: string): string => repository.replace(/^(?:[^/]*[.:][^/]*|localhost)\//, '');

const portsOf = (image: Image, observations: readonly Observation[]): readonly number[] =>
  [...new Set([...exposedPorts(image), ...observations.flatMap(({ ports }) => ports)])].sort((a, b) => a - b);

function observedOf(
  { observations, used }: ServiceRun,
  image: Image,
  uid: number,
): Pick<ServiceFacts, 'capabilities' | 'seccomp' | 'used'> {
  const calls = observations.flatMap(({ syscalls: own }) => (own === undefined ? [] : [own]));
  // What one of several containers did is not known: then of the service it is not either.
  const syscalls =
    calls.length === 0 || calls.length < observations.length
      ? undefined
      : [...new Set(calls.flat())].sort(compareBytes);
  return {
    ...(used.memory === 0 ? {} : { used }),
    ...(syscalls === undefined
      ? {}
      : {
          seccomp: seccompFileOf({ syscalls, arch: image.config.architecture }),
          capabilities: neededCapabilities({ syscalls, ports: observations.flatMap(({ ports }) => ports), uid }),
        }),
  };
}

const MAX_CONFIG_BYTES = 1024 * 1024; // 1 MiB

/** What is in the files of the configs that services have; files of secrets are not read. @throws TareError E_PATH_NOT_FOUND, E_LIMIT, … */
export async function configContents(project: Project): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const service of project.services)
    for (const mount of service.mounts) {
      if (mount.kind !== 'file' || mount.of !== 'config' || !('file' in mount.source)) continue;
      const { file } = mount.source;
      try {
        contents.set(file, await readSmallFile(file, MAX_CONFIG_BYTES));
      } catch (error) {
        throw fromErrno(error, `${mount.at}: the config ${mount.name} cannot be read`);
      }
    }
  return contents;
}
