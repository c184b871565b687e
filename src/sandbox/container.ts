import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { join, resolve } from 'node:path';
import { isTareError, TareError } from '../base/error.ts';
import { bytesOfText } from '../base/path.ts';
import { makeBundle, removeBundle, type Bundle } from './bundle.ts';
import { checkedSpec } from './checked-spec.ts';
import { engineFiles } from './files.ts';
import type { Host } from './host.ts';
import { launch, type ObserveOptions, type RootMethod } from './launch.ts';
import { layoutOf } from './layout.ts';
import { closeAll, listenAll } from './ports.ts';
import { openContainer, throwIfAborted, type Container } from './running.ts';
import { DEFAULT_HOSTNAME, runtimeConfig, runtimeProcess } from './runtime-config.ts';
import { signalNumber } from './signals.ts';
import { allowanceOf, checkedDocument, readSeccompDocument, type SeccompAllowance } from './seccomp-document.ts';
import { withCachedFilter } from './seccomp-cache.ts';
import { findTool } from './spawn.ts';
import { straceClient } from './trace/strace-client.ts';
import type { TracerKind } from './trace/tracer-kind.ts';
import { SOCKET_PATH, watcherClient, type Tracer } from './trace/watcher-client.ts';
import type { Running, RunSpec } from './types.ts';
import { lookUpUser } from './user.ts';

export interface StartOptions {
  readonly host: Host;
  /** Folder that the bundles are in. */
  readonly base: string;
  readonly method: RootMethod;
  readonly spec: RunSpec;
  readonly signal?: AbortSignal | undefined;
  /** How to observe, when the spec asks for it; undefined: by seccomp notification, and where that cannot be by strace. */
  readonly tracer?: TracerKind | undefined;
}

/**
 * Starts one container; resolves when its program runs (or has run already).
 * @throws TareError E_USAGE, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_JSON, E_USER, E_PORT_IN_USE, E_ENTRYPOINT, E_SANDBOX, E_TRACER, E_CANCELLED; nothing is left
 * behind then
 */
export async function startContainer(options: StartOptions): Promise<Running> {
  const spec = options.spec.trace;
  if (spec === undefined) return start(options, undefined);
  const strace = findTool('strace', options.host.env);
  if (options.tracer === 'strace') return start(options, { kind: 'strace', spec, strace: strace ?? missingStrace() });
  try {
    return await start(options, { kind: 'notify', spec });
  } catch (error) {
    if (options.tracer !== undefined || !isTareError(error, 'E_TRACER')) throw error;
    if (strace === undefined)
      throw new TareError('E_TRACER', error.message, {
        cause: error,
        hint: 'reinstall tare with its optional dependency koffi, or install strace',
      });
    return start(options, { kind: 'strace', spec, strace });
  }
}

function missingStrace(): never {
  throw new TareError('E_TOOL_MISSING', 'strace is not installed', {
    hint: 'install it, e.g. `apt-get install strace`, or unset TARE_TRACER',
  });
}

async function start(options: StartOptions, observe: ObserveOptions | undefined): Promise<Running> {
  const { host, signal } = options;
  const { rootMode, spec } = await checkedSpec(options.spec);
  const stopSignal = stopSignalOf(spec);
  const user = lookUpUser(spec.changes?.lowers ?? spec.rootfs, spec.user);
  const within = await seccompWithin(spec.seccomp);
  throwIfAborted(signal);
  const listeners = await listenAll(spec.network.kind === 'private' ? spec.network.publish : []);
  let bundle: Bundle | undefined;
  let container: Container | undefined;
  try {
    const layout = layoutOf(spec);
    const made = await makeBundle(options.base, layout.links);
    bundle = made;
    const watch = observe?.kind === 'notify' ? { listenerPath: SOCKET_PATH, all: observe.spec.syscalls } : undefined;
    const files = engineFiles(bundle, spec, spec.hostname ?? DEFAULT_HOSTNAME);
    const sourceOf = (mount: number): string => resolve(made.dir, layout.sources[mount] ?? '');
    const config = runtimeConfig({ host, spec, user, files, sourceOf, watch, within });
    // An observer would see what is done for the cache.
    const final = observe === undefined ? withCachedFilter(config, { host, bundle, base: options.base }) : config;
    writeFileSync(bundle.path('config.json'), JSON.stringify(final), { mode: 0o600 });
    throwIfAborted(signal);
    if (spec.changes !== undefined) makeChanges(spec.changes.dir, rootMode);
    const child = launch({
      host,
      bundle,
      method: options.method,
      rootMode,
      stdio: spec.stdio,
      layout,
      userNamespace: spec.network.kind === 'joined' ? spec.network.userNamespace : undefined,
      observe,
    });
    container = openContainer({
      host,
      bundle,
      child,
      spec,
      listeners,
      stopSignal,
      process: runtimeProcess(host, spec, user),
      tracer: tracerOf({ child, bundle, observe, cwd: spec.cwd }),
      observe,
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

/** The script would start a process for each. */
function makeChanges(dir: string, rootMode: number): void {
  const upper = join(dir, 'upper');
  if (existsSync(upper)) return;
  mkdirSync(upper);
  // Whatever the umask is.
  chmodSync(upper, rootMode & 0o7777);
  mkdirSync(join(dir, 'work'));
}

function stopSignalOf({ stopSignal = 'SIGTERM' }: RunSpec): number {
  try {
    return signalNumber(stopSignal);
  } catch (error) {
    if (!isTareError(error, 'E_USAGE')) throw error;
    throw new TareError('E_USAGE', `the stop signal of the image: ${error.message}`, {
      cause: error,
      hint: 'its config names it (STOPSIGNAL): make the image again with SIGTERM, TERM or 15',
    });
  }
}

function tracerOf(options: {
  readonly child: ChildProcess;
  readonly bundle: Bundle;
  readonly observe: ObserveOptions | undefined;
  readonly cwd: string;
}): Tracer | undefined {
  const { child, observe } = options;
  const stream = child.stdio[4];
  if (observe === undefined || !(stream instanceof Duplex)) return undefined;
  if (observe.kind === 'notify') return watcherClient(stream, options.bundle.path('watcher-fault'));
  return straceClient(stream, { cwd: bytesOfText(options.cwd), spec: observe.spec });
}

async function seccompWithin(profile: RunSpec['seccomp']): Promise<SeccompAllowance | undefined> {
  if (profile === undefined) return undefined;
  const document =
    typeof profile === 'string' ? await readSeccompDocument(profile) : checkedDocument(profile, 'the seccomp profile');
  return allowanceOf(document, process.arch);
}
