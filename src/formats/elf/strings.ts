import type { ByteString } from '../../base/path.ts';
import { MAX_SCAN_BYTES, PT_LOAD } from './constants.ts';
import type { Range, Steps } from './steps.ts';
import type { ElfFile } from './types.ts';

const CHUNK_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Longest string that is reported; longer runs are text, not names. */
const MAX_NAME_BYTES = 1024;
const SHT_PROGBITS = 1;

/** The first byte that a name cannot hold is the space; names with spaces are too rare to be worth every sentence of every program. */
const isNameByte = (byte: number): boolean => byte > 0x20 && byte < 0x7f;

/**
 * Calls `visit` with every run of printable characters without spaces, 2 to 1024 bytes and ended by NUL, that holds `needle` (all of them
 * when it is empty), in the constants of the program: the read-only data sections, or, without a section table, the loaded segments that
 * cannot be written. At most 256 MiB are searched; `visit` returns false to end it early.
 */
export function* readStringSteps(elf: ElfFile, needle: ByteString, visit: (text: ByteString) => boolean): Steps<void> {
  let left = MAX_SCAN_BYTES;
  for (const range of constantRanges(elf)) {
    const end = range.offset + Math.min(range.size, left);
    left -= end - range.offset;
    // Chunks overlap by the longest name, so that one which a border cuts through is whole in the next chunk; `from` keeps it from
    // being reported twice.
    for (let at = range.offset, from = at; at < end; at = from - MAX_NAME_BYTES) {
      at = Math.max(at, range.offset);
      const size = Math.min(CHUNK_BYTES, end - at);
      const bytes = yield { offset: at, size };
      if (!scan(bytes, from - at, needle, visit)) return;
      from = at + size;
      if (from >= end) break;
    }
  }
}

/** Reports runs whose NUL is at `from` or later. @returns false when the visitor has had enough */
function scan(bytes: Uint8Array, from: number, needle: ByteString, visit: (text: ByteString) => boolean): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let floor = 0;
  for (let at = Math.max(0, from - MAX_NAME_BYTES); at < buffer.length;) {
    const hit = needle === '' ? at : buffer.indexOf(needle, at, 'latin1');
    const nul = hit === -1 ? -1 : endOfRun(buffer, hit, needle === '');
    if (nul === -1) return true;
    at = nul + 1;
    if (buffer[nul] !== 0 || nul < from) continue;
    let start = nul;
    while (start > floor && nul - start <= MAX_NAME_BYTES && isNameByte(buffer[start - 1] as number)) start--;
    floor = at;
    const length = nul - start;
    if (length > 1 && length <= MAX_NAME_BYTES && !visit(buffer.toString('latin1', start, nul))) return false;
  }
  return true;
}

/** The first byte from `at` on that no name holds: usually its NUL. -1 when the chunk ends before. */
function endOfRun(buffer: Buffer, at: number, all: boolean): number {
  if (all) return buffer.indexOf(0, at);
  for (let end = at; end < buffer.length; end++) if (!isNameByte(buffer[end] as number)) return end;
  return -1;
}

function constantRanges(elf: ElfFile): Range[] {
  const sections = elf.sections.filter(
    (section) =>
      section.allocated &&
      !section.executable &&
      section.type === SHT_PROGBITS &&
      /^\.(?:rodata|lrodata)/.test(section.name),
  );
  if (elf.sections.length > 0) return sections;
  return elf.segments.filter((segment) => segment.type === PT_LOAD && segment.readable && !segment.writable);
}

/** Most names of libraries that one file can propose. */
const MAX_LIBRARY_STRINGS = 4096;
/** A pattern such as `lib%s.so` names nothing by itself; `%s/libx.so` at least names the file. */
const LIBRARY_NAME = /^(?:%s\/)?[^%]*\.so(?:\.[0-9]+)*$/;

/** Strings that look like the name of a shared library (`x.so`, `/a/libx.so.1.2`), which the program may hand to `dlopen`; in file order, each once, at most 4096. */
export function* readLibraryStringSteps(elf: ElfFile): Steps<ByteString[]> {
  const names = new Set<ByteString>();
  yield* readStringSteps(elf, '.so', (text) => {
    if (LIBRARY_NAME.test(text)) names.add(text);
    return names.size < MAX_LIBRARY_STRINGS;
  });
  return [...names];
}
