import { bundleBase, makeBundle, reapLeftovers, removeBundle } from './bundle.ts';
import { startContainer } from './container.ts';
import { enterContainer } from './enter.ts';
import { forgetContainer } from './launch.ts';
import { inspectHost, userNamespaceFlags, type RuntimeName, type Unavailable } from './host.ts';
import type { RootMethod } from './launch.ts';
import { openSwitchboard } from './switchboard/index.ts';
import { wantedTracer, type TracerKind } from './trace/tracer-kind.ts';
import type { Sandbox } from './types.ts';

export { canRunArchitecture } from './emulation.ts';
export { finishChanges, mountTargets, prepareChanges, setTimes, type MountTarget, type Stub } from './changes.ts';
export { isWhiteout, layeredRoot, OPAQUE_XATTRS, type LayeredRoot, type Located } from './layered-root.ts';
export { openXattrs, treeXattrs, type TreeXattrs, type Xattrs } from './xattrs.ts';
export { openNetworks, type NetworkLease, type Networks } from './network/step-networks.ts';
export { neededCapabilities, type NeededCapabilitiesOptions } from './trace/needed-capabilities.ts';
export { seccompFileOf, type SeccompFileOptions } from './trace/seccomp-file.ts';

/** A private folder with a short name, as sockets need it; what killed processes leave of it is removed by `findSandbox`. */
export async function openSocketFolder(
  env: NodeJS.ProcessEnv,
): Promise<{ path(name: string): string; remove(): Promise<void> }> {
  const bundle = await makeBundle(await bundleBase(env), new Map());
  return { path: bundle.path, remove: () => removeBundle(bundle) };
}

export type { Unavailable } from './host.ts';
export type * from './types.ts';

export interface SandboxOptions {
  /** Default: the environment of this process. TARE_RUNTIME names a runtime, XDG_RUNTIME_DIR a place for temporary folders. */
  readonly env?: NodeJS.ProcessEnv;
  readonly runtime?: RuntimeName;
  /** How a root is made writable: by an overlay (the default, with a copy where the kernel refuses), or always by a copy. */
  readonly root?: RootMethod;
  /** How containers are observed; default TARE_TRACER, else what works: seccomp notification before strace. */
  readonly tracer?: TracerKind;
}

/**
 * The way this machine runs containers: crun, else runc, as root or in a user namespace. What killed processes of tare left behind is removed.
 * @throws TareError E_USAGE for a TARE_RUNTIME or TARE_TRACER that is none; E_PERMISSION when the folder for temporary files is somebody else's
 */
export async function findSandbox(options: SandboxOptions = {}): Promise<Sandbox | Unavailable> {
  const env = options.env ?? process.env;
  const host = await inspectHost(env, options.runtime);
  if ('unavailable' in host) return host;
  const tracer = wantedTracer(env);
  const base = await bundleBase(env);
  await reapLeftovers(base, (bundle) => forgetContainer(host, bundle));
  const ids = { all: 'root', range: 'rootless', single: 'rootless, one user id' }[host.ids];
  return {
    description: `${host.runtime.name} ${host.runtime.version} (${ids})`,
    ids: host.ids,
    namespace: host.rootless ? [host.tools.unshare, ...userNamespaceFlags(host), '--'] : [],
    start: (spec, signal) =>
      startContainer({ host, base, method: options.root ?? 'overlay', spec, signal, tracer: options.tracer ?? tracer }),
    enter: (entry, options) => enterContainer(host, entry, options),
    openSwitchboard: () => openSwitchboard(host, base),
  };
}
