import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createContext } from '../../src/base/context.ts';
import { hexOf, type Digest } from '../../src/base/digest.ts';
import type { Context } from '../../src/base/events.ts';
import { pathOfText } from '../../src/base/path.ts';
import { packLayer, parseCompression, type PackedLayer } from '../../src/pack/index.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/types.ts';
import type { ContentReader, Entry } from '../../src/tree/types.ts';
import { contentReader } from '../../src/tree/content.ts';
import { tempDir } from './temp.ts';

type Attributes = Partial<Omit<Entry, 'path' | 'type'>>;

const plain = { uid: 0, gid: 0, size: 0, mtime: 0 };

export const folder = (path: string, more: Attributes = {}): Entry => ({
  ...plain,
  path: pathOfText(path),
  type: 'directory',
  mode: 0o755,
  ...more,
});

/** A file that lives in memory. */
export function file(path: string, content: string | Uint8Array, more: Attributes = {}): Entry {
  const bytes = Buffer.from(content);
  const ref = { in: 'memory', bytes } as const;
  return { ...plain, path: pathOfText(path), type: 'file', mode: 0o644, size: bytes.length, content: ref, ...more };
}

/** A file of this machine, as it is now. */
export function hostFile(path: string, host: string, more: Attributes = {}): Entry {
  const { size } = statSync(host);
  return { ...file(path, ''), size, content: { in: 'host', path: host, size }, ...more };
}

export const symlink = (path: string, link: string): Entry => ({
  ...plain,
  path: pathOfText(path),
  type: 'symlink',
  mode: 0o777,
  link,
});

/** Another name of the file. */
export const hardlink = (path: string, target: Entry): Entry => ({
  ...target,
  path: pathOfText(path),
  type: 'hardlink',
  link: target.path,
});

/** Reads what is in memory and on this machine. */
export const localContent = (): ContentReader =>
  contentReader({ layerTar: () => Promise.reject(new Error('nothing here is in a layer')) });

/** A store in a fresh folder. */
export async function freshStore(): Promise<Store> {
  return openStore({ home: join(tempDir(), 'home') });
}

export interface PackInput {
  readonly entries: readonly Entry[];
  readonly store?: Store;
  readonly content?: ContentReader;
  readonly compression?: string;
  readonly epoch?: number;
  readonly ctx?: Partial<Context>;
}

export async function pack(input: PackInput): Promise<PackedLayer> {
  return packLayer({
    entries: input.entries,
    content: input.content ?? localContent(),
    store: input.store ?? (await freshStore()),
    compression: parseCompression(input.compression ?? 'gzip:6'),
    epoch: input.epoch ?? 0,
    ctx: createContext(input.ctx),
  });
}

/** Bytes that compress to about two thirds, the same for each seed. */
export function noise(length: number, seed = 1): Buffer {
  const out = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[at] = (state >>> 16) & 0x3f;
  }
  return out;
}

export function blobFile(store: Store, digest: Digest): string {
  return join(store.home, 'blobs', 'sha256', hexOf(digest));
}

/** Blobs, and what is left of blobs that were not finished. */
export function whatIsStored(store: Store): string[] {
  return ['blobs/sha256', 'tare/tmp'].flatMap((dir) => {
    const path = join(store.home, dir);
    return existsSync(path) ? readdirSync(path) : [];
  });
}
