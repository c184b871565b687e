import { throwIfCancelled } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { Exit, Running, RunSpec, Sandbox } from '../sandbox/types.ts';
import { runSpecOf, type RunOverrides } from './run-spec.ts';

export type { RunOverrides } from './run-spec.ts';

/** What a container gets to end by itself, in milliseconds, before it is killed. */
const STOP_GRACE_MS = 10_000;
/** What an interrupted container gets to start, in milliseconds, so that it can be asked. */
const START_GRACE_MS = 3000;

/** An unpacked root file system; release it when nothing runs in it any more. */
export interface Rootfs {
  readonly dir: string;
  release(): Promise<void>;
}

export interface RunImageOptions {
  readonly image: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  readonly sandbox: Sandbox;
  readonly overrides?: RunOverrides;
  /** Its signal asks the container to stop: the stop signal first, SIGKILL ten seconds later. */
  readonly ctx: Context;
  /** Called once, when the container runs: where its ports are. Each published port is also told as an event. */
  readonly onStarted?: (running: Running) => void;
}

/** The program may run before we know of it: an interruption meanwhile is for it, unless it takes too long to come to life. */
async function started(sandbox: Sandbox, spec: RunSpec, signal: AbortSignal): Promise<Running> {
  const starting = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    timer = setTimeout(() => starting.abort(signal.reason), START_GRACE_MS);
  };
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await sandbox.start(spec, starting.signal);
  } finally {
    signal.removeEventListener('abort', interrupt);
    clearTimeout(timer);
  }
}

/** Runs an image until it ends, on this process's own stdin, stdout and stderr unless the overrides say otherwise. */
export async function runImage(options: RunImageOptions): Promise<Exit> {
  const { ctx, image, sandbox } = options;
  const rootfs = await options.rootfs(image);
  try {
    const spec = runSpecOf(image, rootfs.dir, { stdio: 'host', ...options.overrides });
    throwIfCancelled(ctx.signal);
    const running = await started(sandbox, spec, ctx.signal);
    // Whatever fails there, `wait` fails with below.
    const stop = (): void => void running.stop(STOP_GRACE_MS).catch(() => undefined);
    ctx.signal.addEventListener('abort', stop, { once: true });
    if (ctx.signal.aborted) stop();
    for (const { address = '127.0.0.1', container, host } of running.ports)
      ctx.onEvent({ kind: 'published', container, address, host });
    options.onStarted?.(running);
    try {
      return await running.wait();
    } finally {
      ctx.signal.removeEventListener('abort', stop);
    }
  } finally {
    await rootfs.release();
  }
}
