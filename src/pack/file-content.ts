import { createHash, hash } from 'node:crypto';
import type { ContentReader, Entry } from '../tree/types.ts';
import type { FileDigests } from './file-digests.ts';
import { readHostFile } from './host-file.ts';
import { checkLength } from './read-ahead.ts';
import type { TarAssembler } from './tar-assembler.ts';

/** Where the content of the members comes from. */
export interface ContentSource {
  readonly content: ContentReader;
  /** Learns what is read of this machine. */
  readonly files: FileDigests;
}

/**
 * Writes the content of a file into the archive, and hashes it on the way. `ahead`: what was read ahead of it.
 * @returns hex
 * @throws TareError E_IO when it is not as long as its entry says, or changes meanwhile; errors of the reader pass
 */
export async function writeContent(
  entry: Entry,
  { content, files }: ContentSource,
  ahead: Promise<Uint8Array> | undefined,
  out: TarAssembler,
): Promise<string> {
  const ref = entry.content;
  if (ref?.in === 'host') {
    const { openedMs, sha256, stat } = await readHostFile({ path: ref.path, size: entry.size }, out);
    files.remember(stat, sha256, openedMs);
    return sha256;
  }
  if (ref?.in === 'memory') return writeBytes(entry, ref.bytes, out);
  return ahead === undefined ? writeStream(entry, content, out) : writeBytes(entry, await ahead, out);
}

async function writeBytes(entry: Entry, bytes: Uint8Array, out: TarAssembler): Promise<string> {
  checkLength(entry, bytes.length);
  await out.append(bytes);
  return hash('sha256', bytes);
}

async function writeStream(entry: Entry, content: ContentReader, out: TarAssembler): Promise<string> {
  const sha256 = createHash('sha256');
  let length = 0;
  for await (const chunk of content.stream(entry)) {
    length += chunk.length;
    if (length > entry.size) checkLength(entry, length);
    sha256.update(chunk);
    await out.append(chunk);
  }
  checkLength(entry, length);
  return sha256.digest('hex');
}
