import type { Profile } from '../evidence/observed/types.ts';
import type { Image } from '../oci/types.ts';
import { neededCapabilities, seccompFileOf, type RunSpec } from '../sandbox/index.ts';

/** What a container of the image needs of the kernel, as far as it was observed. */
export interface Security {
  /** Names of the system calls that were made, with those of every start. */
  readonly syscalls: readonly string[];
  /** Of those that engines give by default. */
  readonly capabilities: readonly string[];
  /** A seccomp profile in the format of Docker and the OCI runtimes: the text of the file. */
  readonly seccomp: string;
}

/** Undefined when system calls were not recorded. */
export function securityOf(profile: Profile | undefined, image: Image): Security | undefined {
  const syscalls = profile?.syscalls;
  if (profile === undefined || syscalls === undefined) return undefined;
  return {
    syscalls,
    capabilities: neededCapabilities({ syscalls, ports: profile.ports, uid: isRoot(image) ? 0 : 1 }),
    seccomp: seccompFileOf({ syscalls, arch: image.config.architecture }),
  };
}

/** How a run is held to it. */
export function restrictionOf(security: Security): Pick<RunSpec, 'capabilities' | 'seccomp'> {
  return {
    capabilities: security.capabilities,
    seccomp: JSON.parse(security.seccomp) as Exclude<RunSpec['seccomp'], string | undefined>,
  };
}

/** A name other than root's may stand for root too; that is nobody's habit. */
function isRoot(image: Image): boolean {
  const user = (image.config.config?.User ?? '').split(':', 1)[0] ?? '';
  return user === '' || user === 'root' || /^0+$/.test(user);
}
