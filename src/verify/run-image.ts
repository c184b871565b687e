import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { Exit, Running, Sandbox } from '../sandbox/types.ts';
import { runSpecOf, type RunOverrides } from './run-spec.ts';

export type { RunOverrides } from './run-spec.ts';

/** What a container gets to end by itself, in milliseconds, before it is killed. */
const STOP_GRACE_MS = 10_000;

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

/** Runs an image until it ends, on this process's own stdin, stdout and stderr unless the overrides say otherwise. */
export async function runImage(options: RunImageOptions): Promise<Exit> {
  const { ctx, image, sandbox } = options;
  const rootfs = await options.rootfs(image);
  try {
    const spec = runSpecOf(image, rootfs.dir, { stdio: 'host', ...options.overrides });
    // Until it runs, an interruption ends it at once; afterwards it is asked first.
    const starting = new AbortController();
    const interrupt = (): void => starting.abort(ctx.signal.reason);
    if (ctx.signal.aborted) interrupt();
    ctx.signal.addEventListener('abort', interrupt, { once: true });
    const running = await sandbox.start(spec, starting.signal);
    ctx.signal.removeEventListener('abort', interrupt);
    // Whatever fails there, `wait` fails with below.
    const stop = (): void => void running.stop(STOP_GRACE_MS).catch(() => undefined);
    ctx.signal.addEventListener('abort', stop, { once: true });
    if (ctx.signal.aborted) stop();
    for (const { address = '127.0.0.1', container, host } of running.ports)
      ctx.onEvent({ kind: 'step.done', step: 'publish', detail: `${address}:${host} → ${container}` });
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
