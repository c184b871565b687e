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

/** How a service wants its image to be run. @throws TareError E_ENTRYPOINT */
export function specOf({ image, mounts, network, replica, rootfs, trace }: SpecInput): RunSpec {
  const { name, number, service } = replica;
  const { capAdd, capDrop, command, entrypoint, stopSignal, user, workingDir } = service;
  const spec = runSpecOf(image, rootfs, {
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
  const dropsAll = capDrop.some((text) => text.toUpperCase() === 'ALL');
  return {
    ...spec,
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(service.extraHosts.length === 0 ? {} : { hosts: service.extraHosts }),
    ...(dropsAll ? { capabilities: capAdd } : { withoutCapabilities: capDrop }),
    ...(trace === undefined ? {} : { trace }),
  };
}

/** Names of services may hold what names of hosts may not (RFC 952). */
const hostnameOf = (name: string): string => name.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 63);
