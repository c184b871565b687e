import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { fromErrno, isTareError, TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import { quotePath } from '../../base/path.ts';
import { decompress as gunzip } from '../../formats/gzip/index.ts';
import { createTarParser } from '../../formats/tar/index.ts';
import { decompress as unzstd } from '../../formats/zstd/index.ts';
import { scanLayer } from '../../store/layer-scan.ts';
import type { IndexedMember } from '../../store/types.ts';
import { HEAD_BYTES, packingOf, type Packing } from '../../transports/packing.ts';
import { contentReader } from '../../tree/content.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { decompressByProgram } from './unpack-program.ts';

/** An archive that a copy unpacks: what is in it, and where. */
export interface OpenArchive {
  /** Stands for it in references to its content. */
  readonly id: Digest;
  readonly members: readonly IndexedMember[];
  readonly content: ContentReader;
  /** Its content cannot be read after that. */
  close(): Promise<void>;
}

export interface OpenArchiveOptions {
  readonly content: ContentReader;
  /** Hex, of the whole file as it was when the step was looked at. */
  readonly sha256: string;
  /** A fresh name for the unpacked tar. */
  readonly temporary: () => string;
  readonly signal: AbortSignal;
}

/** Its first member must come before so much was read. Extended headers may be a megabyte each. */
const MAX_SNIFFED_BYTES = 4 * 1024 * 1024; // 4 MiB

/**
 * Opens a file that is a tar archive, plain or packed with gzip, bzip2, xz or zstd; its name says nothing. The test is that of BuildKit
 * (solver/llbsolver/file/unpack.go): it can be unpacked, and has a first member.
 * @returns undefined when it is none
 * @throws TareError E_CHANGED; E_TOOL_MISSING; E_TAR, E_COMPRESSION and E_LIMIT for an archive that goes wrong after its first member; E_CANCELLED
 */
export async function openArchive(entry: Entry, options: OpenArchiveOptions): Promise<OpenArchive | undefined> {
  const { content, sha256, signal, temporary } = options;
  if (entry.content === undefined || entry.size === 0) return undefined;
  const packing = packingOf(await content.read(entry, { offset: 0, size: HEAD_BYTES }));
  if (!(await beginsAsTar(unpacked(packing, content.stream(entry))))) return undefined;
  const hash = createHash('sha256');
  const id: Digest = `sha256:${sha256}`;
  const source = cancellable(content.stream(entry), hash, signal);
  const file = temporary();
  try {
    const handle = await open(file, 'wx', 0o600);
    let members: readonly IndexedMember[];
    try {
      const keep = async (chunk: Uint8Array): Promise<void> => {
        for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
      };
      members = (await scanLayer(unpacked(packing, unclosed(source)), asDescriptor(id, entry.size), id, keep)).members;
      // Who unpacks it may stop before the end.
      while ((await source.next()).done !== true);
    } finally {
      await source.return(undefined);
      await handle.close();
    }
    if (hash.digest('hex') !== sha256)
      throw new TareError('E_CHANGED', `${quotePath(entry.path)} changed while it was unpacked`);
    return {
      id,
      members,
      content: contentReader({ layerTar: () => Promise.resolve(file) }),
      close: () => rm(file, { force: true }),
    };
  } catch (error) {
    await rm(file, { force: true });
    throw fromErrno(error, `cannot write ${file}`);
  }
}

const asDescriptor = (digest: Digest, size: number): Parameters<typeof scanLayer>[1] => ({
  mediaType: '',
  digest,
  size,
});

function unpacked(packing: Packing, source: Bytes): Bytes {
  switch (packing) {
    case 'none':
      return source;
    case 'gzip':
      return gunzip(source);
    case 'zstd':
      return unzstd(source);
    default:
      return decompressByProgram(packing, source);
  }
}

async function beginsAsTar(source: Bytes): Promise<boolean> {
  let found = false;
  const parser = createTarParser({ member: () => (found = true) });
  let taken = 0;
  try {
    for await (const chunk of source) {
      taken += chunk.length;
      parser.push(chunk);
      if (found || taken > MAX_SNIFFED_BYTES) return found;
    }
    return found;
  } catch (error) {
    // The first member may stand before a fault in the same chunk.
    if (isTareError(error, 'E_TAR') || isTareError(error, 'E_COMPRESSION')) return found;
    throw error;
  }
}

async function* cancellable(
  source: Bytes,
  hash: ReturnType<typeof createHash>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    throwIfCancelled(signal);
    hash.update(chunk);
    yield chunk;
  }
}

/** Leaving a loop over it early does not end the stream behind it. */
async function* unclosed(stream: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = await stream.next(); next.done !== true; next = await stream.next()) yield next.value;
}
