import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../base/error.ts';
import type { Bundle } from './bundle.ts';
import type { Host } from './host.ts';
import type { RuntimeConfig } from './runtime-config.ts';

/** sizeof(struct sock_filter), and BPF_MAXINSNS of linux/bpf_common.h. */
const INSTRUCTION_BYTES = 8;
const MAX_INSTRUCTIONS = 4096;

/** crun's: the compiled filter in base64, in place of `linux.seccomp`. Older versions do not know it, and compile. */
const FILTER_ANNOTATION = 'run.oci.seccomp_bpf_data';
/** $1 what the runtime has compiled, $2 where it is kept. A container must not fail for it; what is half copied goes with the container's folder. */
const KEEP = '[ ! -s "$1" ] || { cp "$1" "$1.copy" 2>/dev/null && mv "$1.copy" "$2"; } || :';

/**
 * Compiling the filter takes crun (libseccomp) twice as long as all else that it does for a container. What it has compiled once is kept beside the
 * bundles, by the sha256 of the profile and the version, and handed to it afterwards.
 */
export function withCachedFilter(
  config: RuntimeConfig,
  { base, bundle, host }: { readonly base: string; readonly bundle: Bundle; readonly host: Host },
): RuntimeConfig {
  const { seccomp } = config.linux;
  // A filter that asks a listener needs what the runtime sets up while it compiles.
  if (host.runtime.name !== 'crun' || seccomp === undefined || seccomp.listenerPath !== undefined) return config;
  const key = createHash('sha256')
    .update(`${host.runtime.version}\n${JSON.stringify(seccomp)}`)
    .digest('hex');
  const file = join(base, `seccomp-${key.slice(0, 32)}.bpf`);
  const filter = readFilter(file);
  if (filter !== undefined) return { ...config, annotations: { [FILTER_ANNOTATION]: filter.toString('base64') } };
  const compiled = bundle.path(`state/${bundle.id}/seccomp.bpf`);
  return {
    ...config,
    hooks: { poststart: [{ path: host.tools.sh, args: ['sh', '-c', KEEP, 'keep', compiled, file] }] },
  };
}

function readFilter(file: string): Buffer | undefined {
  try {
    const filter = readFileSync(file);
    const isWhole = filter.length > 0 && filter.length % INSTRUCTION_BYTES === 0;
    return isWhole && filter.length <= MAX_INSTRUCTIONS * INSTRUCTION_BYTES ? filter : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
