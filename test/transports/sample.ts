import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { TareError } from '../../src/base/error.ts';
import type { Context, TareEvent } from '../../src/base/events.ts';
import { collectBytes, verified } from '../../src/base/streams.ts';
import { EVIDENCE_MEDIA_TYPE } from '../../src/oci/media-types.ts';
import type { Descriptor, Image } from '../../src/oci/types.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/types.ts';
import { makeImage, type MadeImage } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

export const NAME = 'sample:1';
export const EVIDENCE = '{"why":"because"}';

export interface Sample {
  readonly dir: string;
  readonly store: Store;
  readonly ctx: Context;
  readonly tools: { readonly store: Store; readonly ctx: Context };
  readonly events: readonly TareEvent[];
  readonly made: MadeImage;
  readonly evidence: Descriptor;
}

/** A store with one image of three layers, two of them the same, with a record of reasons. */
export async function sample(compression: 'none' | 'gzip' | 'zstd' = 'gzip'): Promise<Sample> {
  const dir = tempDir();
  const store = await openStore({ home: join(dir, 'home') });
  const events: TareEvent[] = [];
  const ctx = createContext({ onEvent: (event) => events.push(event) });
  const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await store.blobs.putBytes(Buffer.from(EVIDENCE))) };
  const shared = [
    { path: 'etc/', mode: 0o755 },
    { path: 'etc/motd', content: 'hello\n' },
  ];
  const made = await makeImage({
    store,
    name: NAME,
    compression,
    layers: [shared, [{ path: 'bin/' }, { path: 'bin/app', content: Buffer.alloc(300_000, 7), mode: 0o755 }], shared],
    config: {
      created: '1970-01-01T00:00:00Z',
      config: { Entrypoint: ['/bin/app'], Env: ['PATH=/bin'], Labels: { a: 'b' } },
      history: [{ created_by: 'one' }, { created_by: 'two' }, { created_by: 'three' }],
    },
    evidence,
  });
  return { dir, store, ctx, tools: { store, ctx }, events, made, evidence };
}

/** Reads every layer and the record of reasons to its end, verified. */
export async function readAll(image: Image): Promise<number> {
  let size = 0;
  for (const blob of [...image.manifest.layers, ...(image.evidence === undefined ? [] : [image.evidence])])
    size += (await collectBytes(verified(image.blobs.open(blob), blob), 1e9, 'blob')).length;
  return size;
}

export function run(tool: string, ...args: readonly string[]): string {
  return execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function skopeo(...args: readonly string[]): string {
  return run('skopeo', '--insecure-policy', ...args);
}

/** The TareError that a promise fails with; anything else fails the test. */
export async function failure(promise: Promise<unknown>): Promise<TareError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TareError) return error;
    throw error;
  }
  return expect.unreachable('no error was thrown');
}
