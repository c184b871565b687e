import { isTareError, TareError } from '../../base/error.ts';
import type { Service } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { Mount, Network, RunSpec, TraceSpec } from '../../sandbox/types.ts';
import { runSpecOf } from '../../verify/run-spec.ts';
import type { Replica } from './plan.ts';

export interface SpecInput {
  readonly replica: Replica;
  readonly image: Image;
  readonly rootfs: string;
  readonly network: Network;
  readonly mounts: readonly Mount[];
  readonly trace?: TraceSpec | undefined;
}

/** How a service wants its image to be run. @throws TareError E_ENTRYPOINT when neither says what runs */
export function specOf({ image, mounts, network, replica, rootfs, trace }: SpecInput): RunSpec {
  const { name, number, service } = replica;
  const { command, entrypoint, noNewPrivileges, stopSignal, user, workingDir } = service;
  const spec = runnable(image, rootfs, {
    ...(command === undefined || command === null ? {} : { args: command }),
    ...(entrypoint === undefined || entrypoint === null ? {} : { entrypoint }),
    env: Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
    ...(user === undefined ? {} : { user }),
    ...(workingDir === undefined ? {} : { workdir: workingDir }),
    hostname: service.hostname !== undefined && number === 1 ? service.hostname : hostnameOf(name),
    network,
    mounts,
    readOnly: service.readOnly,
    stdio: 'pipe',
  });
  return {
    ...spec,
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(service.extraHosts.length === 0 ? {} : { hosts: service.extraHosts }),
    ...capabilitiesOf(service),
    ...(noNewPrivileges === undefined ? {} : { noNewPrivileges }),
    ...(trace === undefined ? {} : { trace }),
  };
}

function runnable(...[image, rootfs, overrides]: Parameters<typeof runSpecOf>): RunSpec {
  try {
    return runSpecOf(image, rootfs, overrides);
  } catch (error) {
    if (!isTareError(error, 'E_ENTRYPOINT')) throw error;
    throw new TareError('E_ENTRYPOINT', error.message, {
      cause: error,
      hint: 'say it in the Compose file: `command` or `entrypoint` of the service',
    });
  }
}

/** What is added counts over what is dropped, as with Docker. */
function capabilitiesOf({ capAdd, capDrop }: Service): Pick<RunSpec, 'capabilities' | 'withoutCapabilities'> {
  if (capAdd.includes('ALL')) return { withoutCapabilities: capDrop.filter((name) => name !== 'ALL') };
  if (capDrop.includes('ALL')) return { capabilities: capAdd };
  return { withoutCapabilities: capDrop.filter((name) => !capAdd.includes(name)) };
}

/** Names of services may hold what names of hosts may not (RFC 952). */
const hostnameOf = (name: string): string => name.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 63);
