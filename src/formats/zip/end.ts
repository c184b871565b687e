import { malformed, safe64, viewOf } from './fields.ts';
import type { ReadAt } from './types.ts';

/** Where the central directory is. */
export interface ZipEnd {
  readonly members: number;
  readonly directoryOffset: number;
  readonly directorySize: number;
  /** What to add to offsets in the directory: something may have been put in front of the archive (a script that starts it). */
  readonly shift: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;

/** APPNOTE 4.3.14 to 4.3.16. @throws TareError E_ZIP */
export async function readEnd(read: ReadAt, fileSize: number): Promise<ZipEnd> {
  const size = Math.min(fileSize, END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
  const start = fileSize - size;
  const tail = viewOf(await read(start, size));
  const at = findEnd(tail);
  if (at === undefined) throw malformed('it has no end record');
  const end = {
    members: tail.getUint16(at + 10, true),
    directorySize: tail.getUint32(at + 12, true),
    directoryOffset: tail.getUint32(at + 16, true),
  };
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR_SIGNATURE)
    return readEnd64(read, { at: start + locator, claimed: safe64(tail, locator + 8) });
  return placed(end, start + at);
}

/** The last one whose comment reaches the end of the file; else the last one. */
function findEnd(tail: DataView): number | undefined {
  let found: number | undefined;
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength) return at;
    found ??= at;
  }
  return found;
}

async function readEnd64(read: ReadAt, locator: { readonly at: number; readonly claimed: number }): Promise<ZipEnd> {
  // Right before the locator, unless it has extensible data: then where the locator says.
  for (const offset of new Set([locator.at - END64_BYTES, locator.claimed])) {
    if (offset < 0 || offset + END64_BYTES > locator.at) continue;
    const view = viewOf(await read(offset, END64_BYTES));
    if (view.getUint32(0, true) !== END64_SIGNATURE) continue;
    const members = safe64(view, 32);
    return placed({ members, directorySize: safe64(view, 40), directoryOffset: safe64(view, 48) }, offset);
  }
  throw malformed('its 64-bit end record is not where it should be');
}

function placed(end: Omit<ZipEnd, 'shift'>, endOffset: number): ZipEnd {
  const directoryOffset = endOffset - end.directorySize;
  const shift = directoryOffset - end.directoryOffset;
  if (directoryOffset < 0 || shift < 0) throw malformed('its directory lies outside the file');
  return { ...end, directoryOffset, shift };
}
