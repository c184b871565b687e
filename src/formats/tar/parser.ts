import { malformed, overLimit } from './errors.ts';
import { BLOCK_SIZE, FIELDS, paddingOf, readNumber, readText, sumOf } from './fields.ts';
import { readHeader, type RawHeader } from './header.ts';
import { DEFAULT_TAR_LIMITS, type TarLimits } from './limits.ts';
import { draftOf, keptBytesOf, memberOf, sparseSizeOf, storedSize, type Draft, type Extensions } from './member.ts';
import { NO_RECORDS, parsePax } from './pax.ts';
import { checkedRuns, createSparseMapReader, parseInlineMap, readOldRuns, type SparseMapReader } from './sparse.ts';
import type { SparseRun, TarMember } from './types.ts';

/** What a parser tells, in stream order: `member`, its `data` in pieces, `memberEnd`, the next member. */
export interface TarHandler {
  member(member: TarMember): void;
  /** Stored bytes of the current member (of a sparse file: its runs, one after the other). A view of the pushed chunk, not a copy. */
  data?(chunk: Uint8Array): void;
  memberEnd?(): void;
}

export interface TarParserOptions extends Partial<TarLimits> {
  /** Whether the archive may end where the data of its last member do: Go reads that, and `umoci insert` writes layers so. */
  readonly mayLackPadding?: boolean;
}

export interface TarParser {
  /** Takes the next bytes of the archive, in chunks of any length. All handler calls happen before it returns. */
  push(chunk: Uint8Array): void;
  /**
   * How many of the next bytes say nothing but their number: data that no handler wants, padding, all that follows the end. Whoever can seek passes
   * over them.
   */
  skippable(): number;
  /** In place of pushing so many bytes, at most `skippable()` of them. */
  skip(count: number): void;
  /** The stream ends here. @throws TareError E_TAR when the archive does not */
  end(): void;
}

const NO_EXTENSIONS: Extensions = { records: NO_RECORDS, longName: '', longLink: '' };

/** A header in the making: the body of an extended header, or the sparse map of a file. */
type Pending =
  | { readonly kind: 'meta'; readonly header: RawHeader; readonly body: Buffer; filled: number }
  | { readonly kind: 'old-map'; readonly draft: Draft; readonly size: number; readonly runs: SparseRun[] }
  | { readonly kind: 'data-map'; readonly draft: Draft; readonly map: SparseMapReader; left: number };

/**
 * A push parser for tar: v7, ustar, PAX, GNU (long names, base-256 numbers, sparse files of all four formats).
 *
 * Where readers differ it sides with Go's archive/tar, since that is what Docker, containerd and umoci unpack with: the records of a
 * global header (`g`) are checked and **not** applied, and it cancels what an `x`, `L` or `K` before it said; of two `x` headers before a
 * member the later replaces the earlier; a GNU long name wins over a PAX `path`; links, folders, devices and pipes have no data, whatever
 * their size field says. Other than in Go an extended header without a member after it is an error.
 *
 * The archive ends at two blocks of zeros, or with the stream, on a block boundary; anything after the two blocks is ignored.
 * After an error (its own, or one that the handler threw) every further call throws the same.
 *
 * @throws TareError E_TAR on a malformed or truncated archive, E_LIMIT beyond a limit
 */
export function createTarParser(handler: TarHandler, options: TarParserOptions = {}): TarParser {
  const limits: TarLimits = { ...DEFAULT_TAR_LIMITS, ...options };
  const held = Buffer.alloc(BLOCK_SIZE);
  let heldBytes = 0;
  let consumed = 0; // of the stream, up to the current chunk
  let members = 0;
  let keptBytes = 0;
  let extensions = NO_EXTENSIONS;
  let pending: Pending | undefined;
  let dataLeft = 0;
  let paddingAfter = 0;
  let skip = 0;
  let zeroBlock = false;
  let ended = false;
  let failure: { readonly error: unknown } | undefined;

  const emit = (
    draft: Draft,
    size: number,
    dataOffset: number,
    dataSize: number,
    runs?: readonly SparseRun[],
  ): void => {
    if (members >= limits.maxMembers) throw overLimit(draft.place, `more than ${limits.maxMembers} members`);
    members += 1;
    const sparse = runs === undefined ? undefined : checkedRuns(runs, size, dataSize, draft.place);
    const member = memberOf(draft, { size, dataOffset, dataSize, sparse }, limits);
    keptBytes += keptBytesOf(member);
    if (keptBytes > limits.maxKeptBytes) {
      throw overLimit(
        draft.place,
        `paths, links, attributes and sparse runs of more than ${limits.maxKeptBytes} bytes`,
      );
    }
    handler.member(member);
    dataLeft = dataSize;
    paddingAfter = paddingOf(draft.stored);
    if (dataSize === 0) endMember();
  };

  const endMember = (): void => {
    skip = paddingAfter;
    handler.memberEnd?.();
  };

  const startMeta = (header: RawHeader): void => {
    if (header.size > limits.maxExtendedHeaderBytes) {
      throw overLimit({ offset: header.offset }, `an extended header of ${header.size} bytes`);
    }
    const meta = { kind: 'meta', header, body: Buffer.allocUnsafe(header.size), filled: 0 } as const;
    if (header.size === 0) finishMeta(meta);
    else pending = meta;
  };

  const finishMeta = ({ header, body }: Pending & { kind: 'meta' }): void => {
    pending = undefined;
    skip = paddingOf(header.size);
    const place = { offset: header.offset };
    switch (header.typeflag) {
      case 'x':
        extensions = { ...extensions, records: parsePax(body, place) };
        break;
      case 'g':
        parsePax(body, place);
        extensions = NO_EXTENSIONS;
        break;
      case 'L':
        extensions = { ...extensions, longName: readText(body, 0, [0, body.length]) };
        break;
      default:
        extensions = { ...extensions, longLink: readText(body, 0, [0, body.length]) };
    }
  };

  const onMember = (header: RawHeader, block: Buffer, at: number): void => {
    const applied = extensions;
    extensions = NO_EXTENSIONS;
    const draft = draftOf(header, applied, limits);
    const dataOffset = header.offset + BLOCK_SIZE;
    if (draft === undefined) {
      const size = storedSize(header, applied.records);
      skip = size + paddingOf(size);
      return;
    }
    const { place, records, stored } = draft;
    if (draft.sparse === 'old-gnu') {
      const size = readNumber(block, at, FIELDS.gnuRealSize);
      if (Number.isNaN(size) || size < 0) throw malformed(place, 'the real size is not a number in range');
      const runs: SparseRun[] = [];
      if (readOldRuns(block, at, 'header', runs, place, limits)) pending = { kind: 'old-map', draft, size, runs };
      else emit(draft, size, dataOffset, stored, runs);
    } else if (draft.sparse === 'data') {
      pending = { kind: 'data-map', draft, map: createSparseMapReader(place, limits), left: stored };
    } else if (draft.sparse === 'records') {
      const runs = parseInlineMap(
        records.get('GNU.sparse.map') ?? '',
        records.get('GNU.sparse.numblocks') ?? '',
        place,
        limits,
      );
      emit(draft, sparseSizeOf(draft), dataOffset, stored, runs);
    } else if (draft.type === 'file') {
      emit(draft, stored, dataOffset, stored);
    } else {
      emit(draft, 0, dataOffset, 0);
      skip = stored + paddingAfter;
    }
  };

  const onHeaderBlock = (block: Buffer, at: number, offset: number): void => {
    const sum = sumOf(block, at);
    if (sum === 0) {
      if (zeroBlock) finish(offset);
      zeroBlock = true;
      return;
    }
    if (zeroBlock) throw malformed({ offset }, 'follows a single block of zeros');
    const header = readHeader(block, at, offset, sum);
    const { typeflag } = header;
    if (typeflag === 'x' || typeflag === 'g' || typeflag === 'L' || typeflag === 'K') startMeta(header);
    else onMember(header, block, at);
  };

  const onBlock = (block: Buffer, at: number, offset: number): void => {
    if (pending?.kind === 'old-map') {
      const { draft, size, runs } = pending;
      if (readOldRuns(block, at, 'extension', runs, draft.place, limits)) return;
      pending = undefined;
      emit(draft, size, offset + BLOCK_SIZE, draft.stored, runs);
    } else if (pending?.kind === 'data-map') {
      const { draft, map } = pending;
      if (pending.left < BLOCK_SIZE) throw malformed(draft.place, 'the sparse map is longer than the stored data');
      pending.left -= BLOCK_SIZE;
      if (!map.feed(block, at, at + BLOCK_SIZE)) return;
      const { left } = pending;
      pending = undefined;
      emit(draft, sparseSizeOf(draft), offset + BLOCK_SIZE, left, map.runs);
    } else {
      onHeaderBlock(block, at, offset);
    }
  };

  const finish = (offset: number): void => {
    if (extensions !== NO_EXTENSIONS) throw malformed({ offset }, 'an extended header has no member after it');
    ended = true;
  };

  const consume = (chunk: Buffer): void => {
    const { length } = chunk;
    let at = 0;
    while (at < length) {
      if (ended) break;
      if (dataLeft > 0) {
        const end = Math.min(length, at + dataLeft);
        if (handler.data !== undefined) handler.data(at === 0 && end === length ? chunk : chunk.subarray(at, end));
        dataLeft -= end - at;
        at = end;
        if (dataLeft === 0) endMember();
      } else if (skip > 0) {
        const count = Math.min(length - at, skip);
        skip -= count;
        at += count;
      } else if (pending?.kind === 'meta') {
        const count = Math.min(length - at, pending.body.length - pending.filled);
        chunk.copy(pending.body, pending.filled, at, at + count);
        pending.filled += count;
        at += count;
        if (pending.filled === pending.body.length) finishMeta(pending);
      } else if (heldBytes === 0 && length - at >= BLOCK_SIZE) {
        at += BLOCK_SIZE;
        onBlock(chunk, at - BLOCK_SIZE, consumed + at - BLOCK_SIZE);
      } else {
        const count = Math.min(length - at, BLOCK_SIZE - heldBytes);
        chunk.copy(held, heldBytes, at, at + count);
        heldBytes += count;
        at += count;
        if (heldBytes < BLOCK_SIZE) continue;
        heldBytes = 0;
        onBlock(held, 0, consumed + at - BLOCK_SIZE);
      }
    }
    consumed += length;
  };

  const skippable = (): number => {
    if (ended) return Infinity;
    if (dataLeft === 0) return skip;
    return handler.data === undefined ? dataLeft + paddingAfter : 0;
  };

  const passOver = (count: number): void => {
    if (count > skippable()) throw new Error('a tar parser cannot skip what it has to see');
    consumed += count;
    if (ended) return;
    const data = Math.min(count, dataLeft);
    dataLeft -= data;
    if (data > 0 && dataLeft === 0) endMember();
    skip -= Math.min(skip, count - data);
  };

  const guarded = (action: () => void): void => {
    if (failure !== undefined) throw failure.error;
    try {
      action();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };

  return {
    push: (chunk) => guarded(() => consume(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    skippable,
    skip: (count) => guarded(() => passOver(count)),
    end: () =>
      guarded(() => {
        if (ended) return;
        const unread = options.mayLackPadding === true && skip < BLOCK_SIZE ? 0 : skip;
        if (dataLeft > 0 || unread > 0 || heldBytes > 0 || pending !== undefined) {
          throw malformed({ offset: consumed }, 'the archive is truncated');
        }
        finish(consumed);
      }),
  };
}
