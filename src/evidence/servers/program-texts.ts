import type { ByteString } from '../../base/path.ts';
import { learn } from '../facts.ts';
import type { Started } from './types.ts';

const CHUNK_BYTES = 8 * 1024 * 1024; // 8 MiB
const MAX_SCAN_BYTES = 256 * 1024 * 1024; // 256 MiB
/** Longest text that is found. */
const MAX_TEXT_BYTES = 1024;
const MAX_TEXTS = 256;

/** Words in a program that begin with one of the texts, up to the next blank or quote; each once, in the order of the file. `question` names the search. */
export async function searchTexts(
  { content, facts, program }: Started,
  question: string,
  beginnings: readonly ByteString[],
): Promise<readonly ByteString[]> {
  return learn(facts, program, question, async () => {
    const found = new Set<ByteString>();
    const end = Math.min(program.size, MAX_SCAN_BYTES);
    for (let at = 0; at < end; at += CHUNK_BYTES) {
      const bytes = await content.read(program, { offset: at, size: Math.min(CHUNK_BYTES + MAX_TEXT_BYTES, end - at) });
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (const beginning of beginnings)
        for (
          let hit = text.indexOf(beginning, 0, 'latin1');
          hit !== -1;
          hit = text.indexOf(beginning, hit + 1, 'latin1')
        ) {
          const tail = text.toString('latin1', hit, hit + MAX_TEXT_BYTES);
          if (found.size < MAX_TEXTS) found.add(/^[^\s"'\0]*/.exec(tail)?.[0] ?? '');
        }
    }
    return [...found];
  });
}
