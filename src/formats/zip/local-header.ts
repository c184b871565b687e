import { malformed, viewOf } from './fields.ts';
import type { ReadAt, ZipMember } from './types.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;

/** Where the member's data start: its local header has a name and extra field of its own (APPNOTE 4.3.7). @throws TareError E_ZIP */
export async function zipDataOffset(read: ReadAt, fileSize: number, member: ZipMember): Promise<number> {
  const { compressedSize, headerOffset } = member;
  if (headerOffset + LOCAL_BYTES > fileSize) throw malformed('a local header lies outside the file');
  const view = viewOf(await read(headerOffset, LOCAL_BYTES));
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) throw malformed('a local header is not where it should be');
  const start = headerOffset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + compressedSize > fileSize) throw malformed('the data of a member are cut off');
  return start;
}
