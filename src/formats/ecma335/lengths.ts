/** A compressed unsigned number (II.23.2): one, two or four bytes, the highest first. Undefined when it is none; missing bytes count as 0. */
export function lengthAt(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  if (a < 0x80) return { value: a, next: at + 1 };
  if (a < 0xc0) return { value: ((a & 0x3f) << 8) | b, next: at + 2 };
  return a < 0xe0 ? { value: ((a & 0x1f) << 24) | (b << 16) | (c << 8) | d, next: at + 4 } : undefined;
}
