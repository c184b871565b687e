import { TareError } from '../../base/error.ts';

export function malformed(why: string): TareError {
  return new TareError('E_ZIP', `the ZIP archive is malformed: ${why}`);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws TareError E_ZIP when the number is larger than what an offset may be */
export function safe64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('a number has no end');
  return Number(value);
}
