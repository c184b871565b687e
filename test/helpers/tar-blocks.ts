/** Tar archives by hand, so that the codec is not tested against itself. Names are byte strings. */
export interface BlockOptions {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly uid?: string;
  readonly gid?: string;
  /** A number is written in octal; text stands as it is. */
  readonly size?: number | string;
  readonly mtime?: string;
  readonly link?: string;
  readonly magic?: string;
  readonly major?: string;
  readonly minor?: string;
  readonly prefix?: string;
  readonly checksum?: 'unsigned' | 'signed' | 'wrong';
  /** More bytes, at their offsets in the block. */
  readonly at?: Readonly<Record<number, string>>;
}

export const USTAR = 'ustar\x0000';
export const GNU = 'ustar  \0';

export function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

/** A number in base 256, two's complement, the first bit set. */
export function base256(value: bigint, length: number): string {
  const bits = BigInt(length * 8);
  let rest = BigInt.asUintN(length * 8, value) | (1n << (bits - 1n));
  let out = '';
  for (let i = 0; i < length; i++) {
    out = String.fromCharCode(Number(rest & 0xffn)) + out;
    rest >>= 8n;
  }
  return out;
}

export function block(options: BlockOptions = {}): Buffer {
  const out = Buffer.alloc(512);
  const { size = 0 } = options;
  const fields: readonly (readonly [number, string])[] = [
    [0, options.name ?? 'file'],
    [100, options.mode ?? '0000644\0'],
    [108, options.uid ?? '0000000\0'],
    [116, options.gid ?? '0000000\0'],
    [124, typeof size === 'number' ? octal(size, 12) : size],
    [136, options.mtime ?? '00000000000\0'],
    [156, options.type ?? '0'],
    [157, options.link ?? ''],
    [257, options.magic ?? USTAR],
    [329, options.major ?? ''],
    [337, options.minor ?? ''],
    [345, options.prefix ?? ''],
    ...Object.entries(options.at ?? {}).map(([at, text]) => [Number(at), text] as const),
  ];
  for (const [at, text] of fields) out.write(text, at, 'latin1');
  fixChecksum(out, 0, options.checksum);
  return out;
}

export function fixChecksum(archive: Buffer, at: number, how: BlockOptions['checksum'] = 'unsigned'): void {
  archive.fill(' ', at + 148, at + 156);
  const bytes = archive.subarray(at, at + 512);
  const sum = how === 'signed' ? new Int8Array(bytes).reduce((a, b) => a + b, 0) : bytes.reduce((a, b) => a + b, 0);
  archive.write(`${(sum + (how === 'wrong' ? 1 : 0)).toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}

export function padded(content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A header and its content; the size is the content's unless it is given. */
export function member(options: BlockOptions, content = ''): Buffer {
  return Buffer.concat([block({ size: content.length, ...options }), padded(content)]);
}

export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length += 1;
  return `${length}${rest}`;
}

/** An extended header, `x` unless another type is given. */
export function pax(records: Readonly<Record<string, string>> | string, type = 'x'): Buffer {
  const body =
    typeof records === 'string'
      ? records
      : Object.entries(records)
          .map(([key, value]) => record(key, value))
          .join('');
  return member({ name: 'PaxHeaders/x', type }, body);
}

/** A GNU long name (`L`) or long link (`K`). */
export function longName(type: 'L' | 'K', name: string): Buffer {
  return member({ name: '././@LongLink', type, magic: GNU }, `${name}\0`);
}

export const END = Buffer.alloc(1024);

export function archive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, END]);
}
