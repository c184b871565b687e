import { describe, expect, it } from 'vitest';
import { encodeHeader, paddingOf, TRAILER, type TarHeader } from '../../../src/formats/tar/index.ts';
import { block, pax } from '../../helpers/tar-blocks.ts';
import { parse } from './parse.ts';

const file = (over: Partial<TarHeader> = {}): TarHeader => ({
  path: 'a',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  ...over,
});

/** The PAX records of an encoded header, in the order written; none for plain ustar. */
function recordsOf(header: TarHeader): string[] {
  const bytes = Buffer.from(encodeHeader(header));
  if (bytes.length === 512) return [];
  const size = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
  expect(bytes.length).toBe(1024 + size + paddingOf(size));
  const records: string[] = [];
  for (let at = 512; at < 512 + size;) {
    const [length = ''] = bytes.toString('latin1', at, at + 10).split(' ');
    records.push(bytes.toString('latin1', at + length.length + 1, at + Number(length) - 1));
    at += Number(length);
  }
  return records;
}

describe('encodeHeader', () => {
  it('writes one ustar block, every byte of it known', () => {
    const header = file({ path: 'dir/file', mode: 0o4755, uid: 1000, gid: 65532, size: 12, mtime: 1_700_000_000 });
    const expected = block({
      name: 'dir/file',
      mode: '0004755\0',
      uid: '0001750\0',
      gid: '0177774\0',
      size: 12,
      mtime: '14524770400\0',
      major: '0000000\0',
      minor: '0000000\0',
    });
    expect(Buffer.from(encodeHeader(header))).toEqual(expected);
  });

  it('writes one extended header before it when something does not fit', () => {
    const bytes = Buffer.from(encodeHeader(file({ path: 'caf\xc3\xa9', uid: 3_000_000 })));
    const zeros = { major: '0000000\0', minor: '0000000\0' };
    const body = pax({ path: 'caf\xc3\xa9', uid: '3000000' });
    const head = block({ name: '././@PaxHeader', type: 'x', size: 29, ...zeros });
    expect(bytes).toEqual(Buffer.concat([head, body.subarray(512), block({ name: 'caf__', ...zeros })]));
  });

  const name100 = 'n'.repeat(100);
  it.each<[what: string, header: TarHeader, records: readonly string[]]>([
    ['a path of 100 bytes', file({ path: name100 }), []],
    ['a path of 101 bytes without a slash', file({ path: `${name100}n` }), [`path=${name100}n`]],
    ['a path that splits', file({ path: `${'p'.repeat(155)}/${name100}` }), []],
    ['a prefix too long', file({ path: `${'p'.repeat(156)}/${name100}` }), [`path=${'p'.repeat(156)}/${name100}`]],
    ['a name too long', file({ path: `p/${name100}n` }), [`path=p/${name100}n`]],
    ['a split that would lose the first slash', file({ path: `/${name100}` }), [`path=/${name100}`]],
    ['a long folder name with its slash', file({ path: `p/${'n'.repeat(99)}/`, type: 'directory' }), []],
    ['a tab in a path', file({ path: 'a\tb' }), ['path=a\tb']],
    ['a newline in a path', file({ path: 'a\n9 path=b' }), ['path=a\n9 path=b']],
    ['bytes that are not UTF-8', file({ path: '\xff' }), ['path=\xff']],
    ['a link of 100 bytes', file({ type: 'symlink', linkname: name100 }), []],
    ['a link of 101 bytes', file({ type: 'symlink', linkname: `${name100}/` }), [`linkpath=${name100}/`]],
    ['owners of 7 octal digits', file({ uid: 2_097_151, gid: 2_097_151 }), []],
    ['owners of 8 octal digits', file({ uid: 2_097_152, gid: 4_294_967_294 }), ['gid=4294967294', 'uid=2097152']],
    ['8 GiB less one', file({ size: 8_589_934_591 }), []],
    ['8 GiB', file({ size: 8_589_934_592 }), ['size=8589934592']],
    ['the largest size', file({ size: Number.MAX_SAFE_INTEGER }), ['size=9007199254740991']],
    ['the last second of 11 octal digits', file({ mtime: 8_589_934_591 }), []],
    ['a second later', file({ mtime: 8_589_934_592 }), ['mtime=8589934592']],
    ['a negative time', file({ mtime: -1 }), ['mtime=-1']],
    ['a fractional time', file({ mtime: 1.5 }), ['mtime=1.5']],
    ['a negative fractional time', file({ mtime: -0.25 }), ['mtime=-0.25']],
    ['a nanosecond', file({ mtime: 1e-9 }), ['mtime=0.000000001']],
    ['less than a nanosecond', file({ mtime: 1e-12 }), ['mtime=0']],
    ['minus zero', file({ mtime: -0 }), []],
    [
      'all of them, in byte order',
      file({
        path: '\xe9',
        mtime: 0.5,
        uid: 3e6,
        xattrs: new Map([
          ['user.b', Buffer.from('\0=\n\xff', 'latin1')],
          ['user.a', new Uint8Array()],
        ]),
      }),
      ['SCHILY.xattr.user.a=', 'SCHILY.xattr.user.b=\0=\n\xff', 'mtime=0.5', 'path=\xe9', 'uid=3000000'],
    ],
  ])('%s', (_what, header, records) => {
    expect(recordsOf(header)).toEqual(records);
  });

  it('counts the digits of a record in its length', () => {
    for (let length = 101; length < 1100; length++) {
      const path = 'x'.repeat(length);
      expect(parse(encodeHeader(file({ path }))).members[0]?.path).toBe(path);
    }
  });

  it('never makes a file look like a folder to readers without PAX', () => {
    const bytes = encodeHeader(file({ path: `${'d'.repeat(99)}/${'\xe9'.repeat(101)}` }));
    expect(Buffer.from(bytes).toString('latin1', bytes.length - 512, bytes.length - 412)).toBe(`${'d'.repeat(99)}\0`);
  });

  it.each<[what: string, header: TarHeader, message: RegExp]>([
    ['no path', file({ path: '' }), /path is empty/],
    ['a NUL in the path', file({ path: 'a\0b' }), /NUL/],
    ['a character that is no byte', file({ path: '€' }), /not a byte/],
    ['a path beyond the limit', file({ path: 'x'.repeat(16_385) }), /16384/],
    ['a file with a slash at its end', file({ path: 'a/' }), /slash/],
    ['a link without a target', file({ type: 'symlink' }), /no target/],
    ['a hard link without a target', file({ type: 'hardlink', linkname: '' }), /no target/],
    ['a file with a target', file({ linkname: 'b' }), /cannot have a link/],
    ['a NUL in the target', file({ type: 'symlink', linkname: 'a\0' }), /NUL/],
    ['a mode with a type in it', file({ mode: 0o100644 }), /mode/],
    ['a negative owner', file({ uid: -1 }), /owner/],
    ['an owner beyond 32 bits', file({ gid: 2 ** 32 }), /owner/],
    ['half an owner', file({ uid: 0.5 }), /owner/],
    ['a negative size', file({ size: -1 }), /-1 bytes/],
    ['a size that is not exact', file({ size: 2 ** 53 }), /bytes/],
    ['a folder with a size', file({ type: 'directory', size: 1 }), /directory of 1 bytes/],
    ['no time', file({ mtime: Number.NaN }), /time/],
    ['an endless time', file({ mtime: Infinity }), /time/],
    ['a device without numbers', file({ type: 'char' }), /no numbers/],
    ['a file with device numbers', file({ device: [1, 1] }), /device/],
    ['a device number of 8 octal digits', file({ type: 'block', device: [0, 2_097_152] }), /do not fit/],
    ['an attribute without a name', file({ xattrs: new Map([['', new Uint8Array()]]) }), /attribute/],
    ['an attribute with = in its name', file({ xattrs: new Map([['user.a=b', new Uint8Array()]]) }), /attribute/],
    ['attributes beyond the limit', file({ xattrs: new Map([['user.a', new Uint8Array(1_048_576)]]) }), /1048576/],
  ])('refuses %s', (_what, header, message) => {
    expect(() => encodeHeader(header)).toThrow(expect.objectContaining({ name: 'TareError', code: 'E_TAR' }));
    expect(() => encodeHeader(header)).toThrow(message);
  });
});

describe('the small parts', () => {
  it.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
    [2 ** 40 + 1, 511],
  ])('paddingOf(%d) is %d', (size, padding) => {
    expect(paddingOf(size)).toBe(padding);
  });

  it('TRAILER is two blocks of zeros', () => {
    expect(TRAILER).toEqual(new Uint8Array(1024));
  });
});
