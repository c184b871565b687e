import type { Context } from '../base/events.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import type { Store } from '../store/types.ts';
import type { RegistryAccess } from '../transports/registry/types.ts';
import { identityOf, openImage, writeImage } from '../transports/index.ts';

export interface CopyOptions {
  readonly source: string;
  readonly target: string;
  /** `OS/ARCHITECTURE[/VARIANT]` of the image to take from an index; the host's when omitted. */
  readonly platform?: string;
  readonly store: Store;
  readonly ctx: Context;
  /** How registries are spoken to. */
  readonly registry?: RegistryAccess;
}

export interface CopyResult {
  /** Of the copy, normalised. */
  readonly reference: string;
  /** Of the manifest at the target: the source's own, but for docker-archive and docker-daemon (see `writeImage`). */
  readonly digest: Digest;
  /** Bytes that were transferred. */
  readonly bytes: number;
  /** Blobs that were written. */
  readonly blobs: number;
  /** Blobs that were there already. */
  readonly reused: number;
}

const STEP = 'copy';

/**
 * Copies an image of one platform from any transport to any other. Emits the step `copy` and the progress of each blob.
 * @throws TareError E_USAGE when both references name the same; what `openImage` and `writeImage` throw. Nothing half-written is left.
 */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  const { ctx, source, store, target } = options;
  if ((await identityOf(source)) === (await identityOf(target)))
    throw new TareError('E_USAGE', `cannot copy ${source} to ${target}: they are the same`, {
      hint: 'name another target',
    });
  ctx.onEvent({ kind: 'step.started', step: STEP, detail: `${source} to ${target}` });
  const tools = { store, ctx, ...(options.registry === undefined ? {} : { registry: options.registry }) };
  const image = await openImage(source, {
    ...tools,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  const { blobs, bytes, digest, reference, reused } = await writeImage(image, target, tools);
  ctx.onEvent({ kind: 'step.done', step: STEP, detail: reference });
  return { reference, digest, bytes, blobs, reused };
}
