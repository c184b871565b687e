import type { Context } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import type { Image } from '../oci/types.ts';
import { rootfsOf } from '../pack/roots.ts';
import { findSandbox } from '../sandbox/index.ts';
import type { Exit, Probe, Running, Sandbox } from '../sandbox/types.ts';
import type { Store } from '../store/types.ts';
import type { CompareMode } from './compare.ts';
import { runImage, type Rootfs, type RunOverrides } from './run-image.ts';
import { verifyImage, type VerifyResult } from './verify.ts';

export interface VerifyOptions {
  readonly image: Image;
  /** What it is compared with. */
  readonly against?: Image;
  readonly probes: readonly Probe[];
  /** Default: auto. */
  readonly compare?: CompareMode;
  readonly timeoutMs?: number;
  readonly store: Store;
  readonly ctx: Context;
}

/** Starts the image in the sandbox of this machine and probes it. @throws TareError E_TOOL_MISSING when there is no sandbox */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { against, compare, ctx, image, probes, store, timeoutMs } = options;
  return verifyImage({
    image,
    ...(against === undefined ? {} : { original: against }),
    rootfs: (which) => unpacked(which, store, ctx),
    probes,
    sandbox: await requireSandbox(),
    ...(compare === undefined ? {} : { compare }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ctx,
  });
}

export interface RunOptions {
  readonly image: Image;
  readonly overrides: RunOverrides;
  readonly onStarted?: (running: Running) => void;
  readonly store: Store;
  readonly ctx: Context;
}

/** Runs the image on this process's own stdin, stdout and stderr until it ends. @throws TareError E_TOOL_MISSING when there is no sandbox */
export async function run(options: RunOptions): Promise<Exit> {
  const { ctx, image, overrides, store } = options;
  return runImage({
    image,
    rootfs: (which) => unpacked(which, store, ctx),
    sandbox: await requireSandbox(),
    overrides,
    ctx,
    ...(options.onStarted === undefined ? {} : { onStarted: options.onStarted }),
  });
}

/** The first time it takes a while: that is told. */
async function unpacked(image: Image, store: Store, ctx: Context): Promise<Rootfs> {
  ctx.onEvent({ kind: 'step.started', step: 'unpack', detail: image.reference });
  const rootfs = await rootfsOf({ image, store, ctx });
  ctx.onEvent({ kind: 'step.done', step: 'unpack' });
  return rootfs;
}

/** @throws TareError E_TOOL_MISSING */
export async function requireSandbox(): Promise<Sandbox> {
  const sandbox = await findSandbox();
  if (!('unavailable' in sandbox)) return sandbox;
  throw new TareError('E_TOOL_MISSING', `images cannot be run here: ${sandbox.unavailable}`, { hint: sandbox.cure });
}
