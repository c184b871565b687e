import { createHash, hash } from 'node:crypto';
import { statSync, type BigIntStats } from 'node:fs';
import { throwIfCancelled } from '../base/context.ts';
import { errnoOf } from '../base/error.ts';
import type { ContentReader, Entry } from '../tree/types.ts';
import type { FileDigests } from './file-digests.ts';
import { readHostFile } from './host-file.ts';
import type { PackMember } from './members.ts';
import { checkLength } from './read-ahead.ts';
import type { ByteTarget } from './tar-assembler.ts';

const SCRATCH_BYTES = 1024 * 1024; // 1 MiB

export interface DigestTools {
  readonly content: ContentReader;
  readonly files: FileDigests;
  readonly signal: AbortSignal;
}

/**
 * Hex sha256 of the content of every file member, in order; only what is not known is read.
 * @throws TareError E_IO when a file that is read changes, E_CANCELLED
 */
export async function contentDigests(members: readonly PackMember[], tools: DigestTools): Promise<readonly string[]> {
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const target: ByteTarget = { room: () => scratch, took: () => Promise.resolve() };
  const out: string[] = [];
  for (const { source } of members) {
    if (source === undefined) continue;
    out.push(knownDigest(source, tools.files) ?? (await readDigest(source, tools, target)));
  }
  return out;
}

function knownDigest(source: Entry, files: FileDigests): string | undefined {
  const ref = source.content;
  if (ref?.in === 'memory') return hash('sha256', ref.bytes);
  if (ref?.in !== 'host') return source.sha256;
  const stat = statOf(ref.path);
  return stat?.size === BigInt(source.size) ? files.get(stat) : undefined;
}

/** Undefined for a file that cannot be looked at: reading it will say why. */
function statOf(path: string | Buffer): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

async function readDigest(source: Entry, tools: DigestTools, target: ByteTarget): Promise<string> {
  throwIfCancelled(tools.signal);
  const ref = source.content;
  if (ref?.in === 'host') {
    const { openedMs, sha256, stat } = await readHostFile({ path: ref.path, size: source.size }, target);
    tools.files.remember(stat, sha256, openedMs);
    return sha256;
  }
  const sum = createHash('sha256');
  let length = 0;
  for await (const chunk of tools.content.stream(source)) {
    length += chunk.length;
    if (length > source.size) break;
    sum.update(chunk);
  }
  checkLength(source, length);
  return sum.digest('hex');
}
