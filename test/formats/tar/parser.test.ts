import { describe, expect, it } from 'vitest';
import { createTarParser, MAX_EXTENDED_HEADER_BYTES, type TarMember } from '../../../src/formats/tar/index.ts';
import { archive, base256, block, END, GNU, longName, member, pax, record } from '../../helpers/tar-blocks.ts';
import { parse } from './parse.ts';

const only = (bytes: Buffer): TarMember => {
  const { members } = parse(bytes);
  expect(members).toHaveLength(1);
  return members[0] as TarMember;
};

describe('createTarParser: where the archive ends', () => {
  it('may be where the last data end, for who says so', () => {
    const whole = member({ name: 'a' }, 'hello');
    const ends = (bytes: Buffer, mayLackPadding: boolean): (() => void) => {
      const parser = createTarParser({ member: () => undefined }, { mayLackPadding });
      parser.push(bytes);
      return parser.end;
    };
    expect(ends(whole.subarray(0, 512 + 5), true)).not.toThrow();
    expect(ends(whole.subarray(0, 512 + 5), false)).toThrow('truncated');
    expect(ends(whole.subarray(0, 512 + 4), true)).toThrow('truncated');
  });

  it('throws when it is told to pass over what it has to see', () => {
    const parser = createTarParser({ member: () => undefined });
    expect(parser.skippable()).toBe(0);
    expect(() => parser.skip(1)).toThrow('cannot skip');
    const other = createTarParser({ member: () => undefined });
    other.push(member({ name: 'a' }, 'hello').subarray(0, 512));
    expect(other.skippable()).toBe(512);
    const wanting = createTarParser({ member: () => undefined, data: () => undefined });
    wanting.push(member({ name: 'a' }, 'hello').subarray(0, 512));
    expect(wanting.skippable()).toBe(0);
  });
});

describe('createTarParser: what one header says', () => {
  it.each<[what: string, bytes: Buffer, expected: Partial<TarMember>]>([
    [
      'a ustar file',
      member({ name: 'a', mtime: '00000000144\0' }, 'hello'),
      { path: 'a', type: 'file', mode: 0o644, size: 5, mtime: 100, dataOffset: 512, dataSize: 5 },
    ],
    ['a v7 file', member({ type: '\0', magic: '' }, 'x'), { type: 'file', size: 1 }],
    [
      'a v7 folder: a file with a slash',
      member({ name: 'd/', type: '\0', magic: '', size: 7 }),
      { path: 'd/', type: 'directory', size: 0, dataSize: 0 },
    ],
    ['a slash after a file of type 0 means nothing', member({ name: 'd/' }), { path: 'd/', type: 'file' }],
    ['a contiguous file', member({ type: '7' }, 'x'), { type: 'file', size: 1 }],
    ['a hard link', member({ type: '1', link: 'b' }), { type: 'hardlink', linkname: 'b' }],
    ['a symbolic link', member({ type: '2', link: '../b' }), { type: 'symlink', linkname: '../b' }],
    ['a link of 100 bytes', member({ type: '2', link: 'l'.repeat(100) }), { linkname: 'l'.repeat(100) }],
    [
      'a character device',
      member({ type: '3', major: '0000001\0', minor: '0000003\0' }),
      { type: 'char', device: [1, 3] },
    ],
    [
      'a block device',
      member({ type: '4', major: '0000010\0', minor: '0000377\0' }),
      { type: 'block', device: [8, 255] },
    ],
    ['a v7 device has no numbers', member({ type: '3', magic: '', major: '0000001\0' }), { device: [0, 0] }],
    ['a folder', member({ name: 'd/', type: '5', mode: '0001777\0' }), { type: 'directory', mode: 0o1777 }],
    ['a pipe', member({ type: '6' }), { type: 'fifo' }],
    ['a mode with the file type in it', member({ mode: '0104755\0' }), { mode: 0o4755 }],
    ['a prefix', member({ name: 'name', prefix: 'some/folder' }), { path: 'some/folder/name' }],
    [
      'a full prefix and name',
      member({ name: 'n'.repeat(100), prefix: 'p'.repeat(155) }),
      { path: `${'p'.repeat(155)}/${'n'.repeat(100)}` },
    ],
    [
      'the short prefix of star',
      member({ name: 'n', prefix: 'p'.repeat(140), at: { 508: 'tar\0' } }),
      { path: `${'p'.repeat(131)}/n` },
    ],
    ['no prefix in the old GNU format', member({ name: 'n', prefix: '01234567012', magic: GNU }), { path: 'n' }],
    ['a name that is not UTF-8', member({ name: 'a\xff\xfe' }), { path: 'a\xff\xfe' }],
    ['an empty owner', member({ uid: '\0', gid: '        ' }), { uid: 0, gid: 0 }],
    ['numbers padded with spaces', member({ uid: '    12 \0', gid: '  13   \0' }), { uid: 0o12, gid: 0o13 }],
    ['garbage after a NUL in a number', member({ uid: '12\0xyz' }), { uid: 0o12 }],
    [
      'an owner in base 256',
      member({ uid: base256(4_294_967_294n, 8), gid: base256(3_000_000n, 8) }),
      { uid: 4_294_967_294, gid: 3_000_000 },
    ],
    ['a negative time in base 256', member({ mtime: base256(-12_345n, 12) }), { mtime: -12_345 }],
    ['a checksum of signed bytes', member({ name: 'a\xff\xe9', checksum: 'signed' }), { path: 'a\xff\xe9' }],
    ['the size field of a link is ignored', member({ type: '2', link: 'b', size: 4096 }), { size: 0, dataSize: 0 }],
    ['the size field of a folder is ignored', member({ type: '5', size: 4096 }), { size: 0, dataSize: 0 }],
    [
      'a GNU dump folder has a list that is no content',
      member({ name: 'd/', type: 'D', magic: GNU }, 'Ya\0Nb\0\0'),
      { type: 'directory', size: 0, dataSize: 0 },
    ],
    [
      'a volume label is no member',
      Buffer.concat([member({ type: 'V', name: 'label', magic: GNU }, 'data'), member({ name: 'a' })]),
      { path: 'a', dataOffset: 1536 },
    ],
  ])('%s', (_what, bytes, expected) => {
    expect(only(archive(bytes))).toMatchObject(expected);
  });

  it('has no keys for what is not there', () => {
    expect(Object.keys(only(archive(member({}, 'x')))).sort()).toEqual(
      ['path', 'type', 'mode', 'uid', 'gid', 'size', 'mtime', 'dataOffset', 'dataSize'].sort(),
    );
  });
});

describe('createTarParser: extended headers', () => {
  it.each<[what: string, bytes: Buffer, expected: Partial<TarMember>]>([
    [
      'PAX names',
      Buffer.concat([pax({ path: 'p/\xc3\xa9', linkpath: 'l=\n' }), member({ type: '2', link: 'x' })]),
      { path: 'p/\xc3\xa9', linkname: 'l=\n' },
    ],
    [
      'PAX numbers',
      Buffer.concat([pax({ uid: '4000000000', gid: '2097152', mtime: '1.25', size: '3' }), member({ size: 0 }, 'abc')]),
      { uid: 4e9, gid: 2097152, mtime: 1.25, size: 3, dataSize: 3 },
    ],
    [
      'a PAX size wins over the header',
      Buffer.concat([pax({ size: '2' }), block({ size: 4000 }), Buffer.from('ab'.padEnd(512, '\0'))]),
      { size: 2 },
    ],
    ['a negative fractional time', Buffer.concat([pax({ mtime: '-1.5' }), member({})]), { mtime: -1.5 }],
    ['a time with a bare point', Buffer.concat([pax({ mtime: '7.' }), member({})]), { mtime: 7 }],
    [
      'empty records leave the header alone',
      Buffer.concat([pax({ path: '', size: '', uid: '', mtime: '' }), member({ name: 'h', uid: '0000007\0' }, 'x')]),
      { path: 'h', uid: 7, size: 1 },
    ],
    [
      'the last of equal keys',
      Buffer.concat([pax(record('path', 'one') + record('path', 'two')), member({})]),
      { path: 'two' },
    ],
    [
      'of two x headers the later replaces the earlier',
      Buffer.concat([pax({ path: 'one', uid: '7' }), pax({ path: 'two' }), member({})]),
      { path: 'two', uid: 0 },
    ],
    [
      'unknown records',
      Buffer.concat([pax({ 'VENDOR.x': 'y\0z', comment: '' }), member({ name: 'a' })]),
      { path: 'a' },
    ],
    ['an empty x header', Buffer.concat([pax(''), member({ name: 'a' })]), { path: 'a' }],
    [
      'a global header is not applied',
      Buffer.concat([pax({ path: 'g', uid: '7' }, 'g'), member({ name: 'a' })]),
      { path: 'a', uid: 0 },
    ],
    [
      'a global header cancels what came before it',
      Buffer.concat([pax({ path: 'x' }), pax({ comment: 'c' }, 'g'), member({ name: 'a' })]),
      { path: 'a' },
    ],
    [
      'GNU long names',
      Buffer.concat([
        longName('K', 'k'.repeat(300)),
        longName('L', 'n'.repeat(600)),
        member({ type: '2', magic: GNU }),
      ]),
      { path: 'n'.repeat(600), linkname: 'k'.repeat(300) },
    ],
    [
      'a GNU long name without a NUL',
      Buffer.concat([member({ type: 'L', magic: GNU }, 'long'), member({})]),
      { path: 'long' },
    ],
    ['an empty GNU long name says nothing', Buffer.concat([longName('L', ''), member({ name: 'a' })]), { path: 'a' }],
    [
      'a GNU long name wins over a PAX path before it',
      Buffer.concat([pax({ path: 'pax' }), longName('L', 'gnu'), member({})]),
      { path: 'gnu' },
    ],
    ['and over one after it', Buffer.concat([longName('L', 'gnu'), pax({ path: 'pax' }), member({})]), { path: 'gnu' }],
    [
      'so does a GNU link target',
      Buffer.concat([pax({ linkpath: 'pax' }), longName('K', 'gnu'), member({ type: '2', link: 'plain' })]),
      { linkname: 'gnu' },
    ],
    [
      'an empty GNU long name leaves a PAX path',
      Buffer.concat([pax({ path: 'pax' }), longName('L', ''), member({ name: 'a' })]),
      { path: 'pax' },
    ],
    [
      'the prefix that old Go wrote into a GNU header',
      member({ name: 'a', magic: GNU, prefix: 'some/folder' }),
      { path: 'some/folder/a' },
    ],
    ['unless it is not ASCII', member({ name: 'a', magic: GNU, prefix: 'some/f\xe9' }), { path: 'a' }],
    ['the largest owner', Buffer.concat([pax({ uid: '4294967294' }), member({})]), { uid: 4_294_967_294 }],
    [
      'a folder by the PAX name of a v7 file',
      Buffer.concat([pax({ path: 'd/' }), member({ type: '\0' })]),
      { path: 'd/', type: 'directory' },
    ],
  ])('%s', (_what, bytes, expected) => {
    expect(only(archive(bytes))).toMatchObject(expected);
  });

  it('reads attributes as bytes, in the form of star alone', () => {
    const bytes = archive(
      pax({
        'SCHILY.xattr.user.bin': '\0\xff=\n',
        'SCHILY.xattr.user.empty': '',
        'LIBARCHIVE.xattr.user.bin': 'AAAA',
        'LIBARCHIVE.xattr.user.a%3Db': 'AP8',
      }),
      member({}),
    );
    const { xattrs } = only(bytes);
    const seen = [...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
    expect(new Map(seen as [string, string][])).toEqual(
      new Map([
        ['user.bin', '\0\xff=\n'],
        ['user.empty', ''],
      ]),
    );
  });

  it('applies them to the next member only', () => {
    const bytes = archive(pax({ path: 'x' }), member({ name: 'a' }), member({ name: 'b' }));
    expect(parse(bytes).members.map(({ path }) => path)).toEqual(['x', 'b']);
  });
});

describe('createTarParser: the end', () => {
  const one = member({ name: 'a' }, 'content');
  it.each<[what: string, bytes: Buffer, members: number]>([
    ['nothing at all', Buffer.alloc(0), 0],
    ['two blocks of zeros', archive(one), 1],
    ['no trailer', one, 1],
    ['one block of zeros', Buffer.concat([one, Buffer.alloc(512)]), 1],
    ['anything after the end', Buffer.concat([one, END, Buffer.from('garbage'), one]), 1],
    ['a record of zeros', Buffer.concat([one, Buffer.alloc(10240)]), 1],
  ])('%s', (_what, bytes, members) => {
    expect(parse(bytes).members).toHaveLength(members);
  });

  it('tells the stored bytes and where they are', () => {
    const bytes = archive(one, pax({ path: 'long' }), member({}, 'x'.repeat(600)), member({ name: 'empty' }));
    const { members, data } = parse(bytes, {}, [100, 7, 600, 1]);
    expect(data).toEqual(['content', 'x'.repeat(600), '']);
    for (const [i, { dataOffset, dataSize }] of members.entries()) {
      expect(bytes.subarray(dataOffset, dataOffset + dataSize).toString('latin1')).toBe(data[i]);
    }
  });
});

describe('createTarParser: malformed archives', () => {
  const file = member({ name: 'a' }, 'content');
  it.each<[what: string, bytes: Buffer, message: RegExp]>([
    ['a wrong checksum', block({ checksum: 'wrong' }), /checksum/],
    ['no tar at all', Buffer.alloc(1024, 'x'), /checksum/],
    [
      'a member after one block of zeros',
      Buffer.concat([file, Buffer.alloc(512), file]),
      /at byte 1536: follows a single block of zeros/,
    ],
    ['a header cut', file.subarray(0, 300), /truncated/],
    ['data cut', file.subarray(0, 515), /truncated/],
    ['data without its padding', file.subarray(0, 519), /truncated/],
    ['padding cut', file.subarray(0, 1000), /truncated/],
    ['half a block of zeros', Buffer.concat([file, Buffer.alloc(100)]), /truncated/],
    ['an extended header cut', pax({ path: 'x' }).subarray(0, 515), /truncated/],
    ['an extended header at the end', archive(pax({ path: 'x' })), /no member after it/],
    ['an extended header at the end of the stream', pax({ path: 'x' }), /no member after it/],
    ['a long name at the end', archive(file, longName('L', 'x')), /no member after it/],
    ['digits that are not octal', block({ size: '00000000089\0' }), /field size/],
    ['text in a number', block({ mode: 'rw-r--r-' }), /field mode/],
    ['a minus sign', block({ mtime: '-0000000001\0' }), /field mtime/],
    ['digits after a space', block({ uid: '12 34\0' }), /field uid/],
    ['text in a device number', block({ major: 'abc' }), /field devMajor/],
    ['a negative size', block({ size: base256(-1n, 12) }), /size is negative/],
    ['a size beyond 2^53', block({ size: base256(1n << 53n, 12) }), /field size/],
    ['a negative owner', block({ uid: base256(-2n, 8) }), /uid is negative/],
    ['an owner beyond 32 bits', block({ gid: base256(1n << 32n, 8) }), /is beyond 4294967294/],
    ['a time beyond 2^53', block({ mtime: base256(-(1n << 80n), 12) }), /field mtime/],
    ['an unknown type', block({ type: 'Z' }), /type "Z" is not supported/],
    ['a Solaris extended header', block({ type: 'X' }), /type "X"/],
    ['an old long name', block({ type: 'N', magic: GNU }), /old GNU long name/],
    ['a multi-volume archive', block({ type: 'M', magic: GNU }), /multi-volume/],
    ['a PAX size that is no number', Buffer.concat([pax({ size: '1e3' }), file]), /PAX record size/],
    ['a negative PAX size', Buffer.concat([pax({ size: '-1' }), file]), /PAX record size/],
    ['a PAX size beyond 2^53', Buffer.concat([pax({ size: '9007199254740992' }), file]), /PAX record size/],
    ['a PAX owner that is no number', Buffer.concat([pax({ uid: '0x10' }), file]), /PAX record uid/],
    ['a PAX time that is no number', Buffer.concat([pax({ mtime: 'Infinity' }), file]), /PAX record mtime/],
    ['a PAX time of letters', Buffer.concat([pax({ mtime: '1.2x' }), file]), /PAX record mtime/],
    ['a PAX path with a NUL', Buffer.concat([pax({ path: 'a\0b' }), file]), /path holds a NUL/],
    ['a PAX link with a NUL', Buffer.concat([pax({ linkpath: 'a\0b' }), file]), /linkpath holds a NUL/],
    ['a PAX key with a NUL', Buffer.concat([pax({ 'a\0b': 'c' }), file]), /NUL in it/],
    ['a PAX key that is empty', Buffer.concat([pax('5 =x\n'), file]), /empty key/],
    ['a PAX record without =', Buffer.concat([pax('7 path\n'), file]), /no "="/],
    ['a PAX = only in the next record', Buffer.concat([pax('7 path\n8 uid=7\n'), file]), /no "="/],
    ['a PAX record without newline', Buffer.concat([pax('8 path=ab'), file]), /newline/],
    ['a PAX length that is no number', Buffer.concat([pax('+8 path=a\n'), file]), /decimal/],
    ['a PAX length that is missing', Buffer.concat([pax(' path=a\n'), file]), /no length/],
    ['a PAX length of zero', Buffer.concat([pax('0 path=a\n'), file]), /newline/],
    ['a PAX length too long', Buffer.concat([pax('99 path=a\n'), file]), /longer/],
    ['a PAX length beyond all numbers', Buffer.concat([pax(`${'9'.repeat(400)} path=a\n`), file]), /longer/],
    ['zeros after the PAX records', Buffer.concat([pax(`${record('path', 'a')}\0\0`), file]), /decimal/],
    ['a broken global header', Buffer.concat([pax('99 path=a\n', 'g'), file]), /longer/],
    ['an attribute without a name', Buffer.concat([pax({ 'SCHILY.xattr.': 'x' }), file]), /does not name/],
    ['the owner -1 as 32 bits', Buffer.concat([pax({ uid: '4294967295' }), file]), /owner/],
  ])('%s', (_what, bytes, message) => {
    expect(() => parse(bytes)).toThrow(expect.objectContaining({ name: 'TareError', code: 'E_TAR' }));
    expect(() => parse(bytes)).toThrow(message);
  });

  it('says the same error again on every further call', () => {
    const parser = createTarParser({ member() {} });
    expect(() => parser.push(block({ checksum: 'wrong' }))).toThrow(/checksum/);
    expect(() => parser.push(file)).toThrow(/checksum/);
    expect(() => parser.end()).toThrow(/checksum/);
  });

  it('names the member without letting it forge a line', () => {
    expect(() => parse(block({ name: 'a\nb\xff', type: 'Z' }))).toThrow('tar member "a\\nb\\udcff" at byte 0:');
  });
});

describe('createTarParser: limits', () => {
  const longRecord = pax({ comment: 'x'.repeat(2000) });
  it.each<[what: string, bytes: Buffer, limits: Parameters<typeof parse>[1]]>([
    ['an extended header', block({ type: 'x', size: MAX_EXTENDED_HEADER_BYTES + 1 }), {}],
    ['a long name', block({ type: 'L', size: base256(1n << 50n, 12) }), {}],
    ['an extended header, lower', longRecord, { maxExtendedHeaderBytes: 1000 }],
    ['members', archive(member({}), member({})), { maxMembers: 1 }],
    ['a path', archive(longName('L', 'x'.repeat(17_000)), member({})), {}],
    ['a link', archive(pax({ linkpath: 'x'.repeat(17_000) }), member({ type: '2' })), {}],
    [
      'attributes',
      archive(pax({ 'SCHILY.xattr.user.a': 'xxxx', 'SCHILY.xattr.user.b': 'xxxx' }), member({})),
      { maxXattrBytes: 19 },
    ],
    [
      'attributes of all members together',
      archive(pax({ 'SCHILY.xattr.user.a': 'xxxx' }), member({}), pax({ 'SCHILY.xattr.user.a': 'xxxx' }), member({})),
      { maxKeptBytes: 25 },
    ],
    ['names of all members together', archive(member({ name: 'aaaa' }), member({ name: 'bbbb' })), { maxKeptBytes: 7 }],
  ])('%s', (_what, bytes, limits) => {
    expect(() => parse(bytes, limits)).toThrow(expect.objectContaining({ name: 'TareError', code: 'E_LIMIT' }));
  });
});
