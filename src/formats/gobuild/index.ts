import type { ByteString } from '../../base/path.ts';
import { type Encoding, fieldsOf, locate } from '../elf/image.ts';
import type { ElfFile, ReadAt } from '../elf/index.ts';
import { runOnFile, type Range, type Steps } from '../elf/steps.ts';
import { type GoBuildInfo, parseModuleInfo } from './build-info.ts';

export type { GoBuildInfo } from './build-info.ts';

// The blob that cmd/link writes and debug/buildinfo reads: magic, size of a pointer, flags, then (at 16) two pointers to string headers, or
// (at 32) two strings with their lengths before them.
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const SECTION = '.go.buildinfo';
const HEADER_BYTES = 32;
const ALIGN_BYTES = 16;
const BIG_ENDIAN_FLAG = 1;
const INLINE_FLAG = 2;
/** Around the module info: marks by which tools once found it without the blob. */
const SENTINEL_BYTES = 16;

/** Without a section table the blob is looked for at the start of the data. */
const MAX_SEARCHED_BYTES = 4 * 1024 * 1024; // 4 MiB
const MAX_VERSION_BYTES = 1024;
const MAX_MODULE_INFO_BYTES = 1024 * 1024; // 1 MiB
/** LEB128 of 64 bits. */
const MAX_VARINT_BYTES = 10;

/** Build info of a Go program; undefined when there is none, or none that can be read. `size` in bytes. */
export function readGoBuildInfo(read: ReadAt, size: number, elf: ElfFile): Promise<GoBuildInfo | undefined> {
  return runOnFile(buildInfoSteps(elf, size), read, size);
}

function* buildInfoSteps(elf: ElfFile, fileSize: number): Steps<GoBuildInfo | undefined> {
  const at = yield* blobAt(elf, fileSize);
  if (at === undefined || at + HEADER_BYTES > fileSize) return undefined;
  const header = yield { offset: at, size: HEADER_BYTES };
  const flags = header[MAGIC.length + 1] ?? 0;
  const texts =
    (flags & INLINE_FLAG) === 0
      ? yield* pointedTexts(elf, header, fileSize)
      : yield* inlineTexts(at + HEADER_BYTES, fileSize);
  if (texts === undefined || texts.version === '') return undefined;
  return parseModuleInfo(texts.version, withoutSentinels(texts.modules));
}

interface Texts {
  readonly version: ByteString;
  readonly modules: ByteString;
}

function* blobAt(elf: ElfFile, fileSize: number): Steps<number | undefined> {
  const places: readonly Range[] = [
    ...elf.sections.filter(({ name }) => name === SECTION),
    ...elf.segments.filter(({ executable, type, writable }) => type === 1 && writable && !executable).slice(0, 1),
  ];
  for (const { offset, size } of places) {
    const within = Math.min(size, MAX_SEARCHED_BYTES, fileSize - offset);
    if (within < HEADER_BYTES) continue;
    const bytes = bufferOf(yield { offset, size: within });
    for (let at = bytes.indexOf(MAGIC); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
      if (at % ALIGN_BYTES === 0) return offset + at;
  }
  return undefined;
}

/** Since Go 1.18. */
function* inlineTexts(at: number, fileSize: number): Steps<Texts | undefined> {
  const version = yield* inlineText(at, fileSize, MAX_VERSION_BYTES);
  if (version === undefined) return undefined;
  const modules = yield* inlineText(version.end, fileSize, MAX_MODULE_INFO_BYTES);
  return { version: version.text, modules: modules?.text ?? '' };
}

function* inlineText(
  at: number,
  fileSize: number,
  maxBytes: number,
): Steps<{ readonly text: ByteString; readonly end: number } | undefined> {
  const head = yield { offset: at, size: Math.max(0, Math.min(MAX_VARINT_BYTES, fileSize - at)) };
  let length = 0;
  let used = 0;
  for (let more = true; more; used++) {
    const byte = head[used];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * used);
    more = (byte & 0x80) !== 0;
  }
  const start = at + used;
  if (length > maxBytes || start + length > fileSize) return undefined;
  return { text: latin1(yield { offset: start, size: length }), end: start + length };
}

/** Before Go 1.18: addresses of string headers, each an address and a length. The blob says how they are written, not the file. */
function* pointedTexts(elf: ElfFile, header: Uint8Array, fileSize: number): Steps<Texts | undefined> {
  const pointerBytes = header[MAGIC.length];
  if (pointerBytes !== 4 && pointerBytes !== 8) return undefined;
  const little = ((header[MAGIC.length + 1] ?? 0) & BIG_ENDIAN_FLAG) === 0;
  const encoding: Encoding = { class: pointerBytes === 8 ? 64 : 32, little };
  const pointers = fieldsOf(header, encoding);
  const version = yield* pointedText(elf, encoding, pointers.word(ALIGN_BYTES), fileSize, MAX_VERSION_BYTES);
  if (version === undefined) return undefined;
  const second = pointers.word(ALIGN_BYTES + pointerBytes);
  return { version, modules: (yield* pointedText(elf, encoding, second, fileSize, MAX_MODULE_INFO_BYTES)) ?? '' };
}

function* pointedText(
  elf: ElfFile,
  encoding: Encoding,
  address: bigint,
  fileSize: number,
  maxBytes: number,
): Steps<ByteString | undefined> {
  const pointerBytes = encoding.class / 8;
  const header = locate(elf.segments, address);
  if (header === undefined || header.left < 2 * pointerBytes) return undefined;
  const fields = fieldsOf(yield { offset: header.offset, size: 2 * pointerBytes }, encoding);
  const length = Number(fields.word(pointerBytes));
  const place = locate(elf.segments, fields.word(0));
  if (place === undefined || length > maxBytes || length > place.left || place.offset + length > fileSize)
    return undefined;
  return latin1(yield { offset: place.offset, size: length });
}

function withoutSentinels(text: ByteString): ByteString {
  const isMarked = text.length > 2 * SENTINEL_BYTES && text[text.length - SENTINEL_BYTES - 1] === '\n';
  return isMarked ? text.slice(SENTINEL_BYTES, -SENTINEL_BYTES) : '';
}

function latin1(bytes: Uint8Array): ByteString {
  return bufferOf(bytes).toString('latin1');
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
