import { writeFile } from 'node:fs/promises';
import { makeBundle, removeBundle, type Bundle } from './bundle.ts';
import { checkedSpec } from './checked-spec.ts';
import { engineFiles } from './files.ts';
import type { Host } from './host.ts';
import { launch, type RootMethod } from './launch.ts';
import { closeAll, listenAll } from './ports.ts';
import { openContainer, throwIfAborted, type Container } from './running.ts';
import { DEFAULT_HOSTNAME, runtimeConfig, runtimeProcess } from './runtime-config.ts';
import { signalNumber } from './signals.ts';
import type { Running, RunSpec } from './types.ts';
import { lookUpUser } from './user.ts';

export interface StartOptions {
  readonly host: Host;
  /** Folder that the bundles are in. */
  readonly base: string;
  readonly method: RootMethod;
  readonly spec: RunSpec;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts one container; resolves when its program runs (or has run already).
 * @throws TareError E_USAGE, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_USER, E_PORT_IN_USE, E_ENTRYPOINT, E_SANDBOX, E_CANCELLED; nothing is left behind then
 */
export async function startContainer(options: StartOptions): Promise<Running> {
  const { host, signal } = options;
  const { rootMode, spec } = await checkedSpec(options.spec);
  const stopSignal = signalNumber(spec.stopSignal ?? 'SIGTERM');
  const user = await lookUpUser(spec.rootfs, spec.user);
  throwIfAborted(signal);
  const listeners = await listenAll(spec.network.kind === 'private' ? spec.network.publish : []);
  let bundle: Bundle | undefined;
  let container: Container | undefined;
  try {
    bundle = await makeBundle(options.base, spec.rootfs);
    const files = await engineFiles(bundle, spec, spec.hostname ?? DEFAULT_HOSTNAME);
    await writeFile(bundle.path('config.json'), JSON.stringify(runtimeConfig(host, spec, user, files)));
    throwIfAborted(signal);
    const child = await launch({ host, bundle, method: options.method, rootMode, stdio: spec.stdio });
    container = openContainer({
      host,
      bundle,
      child,
      spec,
      listeners,
      stopSignal,
      process: runtimeProcess(host, spec, user),
    });
    await container.started(signal);
    return container.running;
  } catch (error) {
    closeAll(listeners);
    if (container !== undefined) await container.running.stop(0);
    else if (bundle !== undefined) await removeBundle(bundle);
    throw error;
  }
}
