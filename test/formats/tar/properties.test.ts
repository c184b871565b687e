import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectBytes } from '../../../src/base/streams.ts';
import { writeTar, type EntryType, type TarHeader, type TarInput } from '../../../src/formats/tar/index.ts';
import { archive, fixChecksum, GNU, longName, member, octal, padded, pax } from '../../helpers/tar-blocks.ts';
import { outcome, parse, parseHeaders } from './parse.ts';

const bytes = (constraints: { minLength: number; maxLength: number }): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(47, 97)), constraints)
    .map((codes) => String.fromCharCode(...codes));

const name = fc.oneof(
  { weight: 3, arbitrary: bytes({ minLength: 1, maxLength: 30 }) },
  bytes({ minLength: 95, maxLength: 300 }),
  fc.stringMatching(/^[a-z/]{90,270}$/),
);
const id = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 0xffff_fffe }));
const time = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.maxSafeInteger(),
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n / 512),
);
const xattrs = fc.option(
  fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z.]{1,20}$/), fc.uint8Array({ maxLength: 200 })), {
    maxLength: 4,
    minLength: 1,
    selector: ([key]) => key,
  }),
  { nil: undefined },
);
const deviceNumber = fc.integer({ min: 0, max: 0o7777777 });

const entry: fc.Arbitrary<TarInput> = fc
  .record({
    path: name,
    type: fc.constantFrom<EntryType>('file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo'),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    mtime: time,
    linkname: name,
    device: fc.tuple(deviceNumber, deviceNumber),
    xattrs,
    body: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ body, xattrs, linkname, device, type, path, ...rest }) => {
    const header: TarHeader = {
      ...rest,
      type,
      path: type === 'file' ? `${path}.` : path,
      size: type === 'file' ? body.length : 0,
      ...(type === 'symlink' || type === 'hardlink' ? { linkname } : undefined),
      ...(type === 'char' || type === 'block' ? { device } : undefined),
      ...(xattrs === undefined
        ? undefined
        : { xattrs: new Map(xattrs.map(([key, value]) => [key, Buffer.from(value)])) }),
    };
    return type === 'file' ? { header, body } : { header };
  });

const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2000 })), {
  minLength: 1,
  maxLength: 50,
});

describe('properties of the tar codec', () => {
  it('reads what it wrote, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), cuts, async (entries, cuts) => {
        const written = await collectBytes(writeTar(entries), 1e7, 'archive');
        const { members, data } = parse(written, {}, cuts);
        expect(members.map(({ dataOffset: _offset, dataSize: _size, ...header }) => header)).toEqual(
          entries.map(({ header }) => header),
        );
        expect(data).toEqual(entries.map(({ body }) => Buffer.from((body as Uint8Array) ?? []).toString('latin1')));
        expect(await collectBytes(writeTar(entries), 1e7, 'archive')).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  it('finds the same members when it passes over what it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 8 }),
        fc.integer({ min: 1, max: 3000 }),
        async (entries, window) => {
          const written = await collectBytes(writeTar(entries), 1e7, 'archive');
          expect(parseHeaders(written, window)).toEqual(parse(written).members);
        },
      ),
      { numRuns: 200 },
    );
  });

  // One of every form that the reader knows, small enough that a flipped bit often hits a header.
  const corpus: readonly Buffer[] = [
    archive(member({ name: 'a' }, 'content'), member({ name: 'd/', type: '5' }), member({ type: '2', link: 'a' })),
    archive(pax({ path: 'p', uid: '77', size: '3', mtime: '1.5', 'SCHILY.xattr.user.a': 'b' }), member({}, 'abc')),
    archive(
      pax({ comment: 'g' }, 'g'),
      longName('L', 'n'.repeat(120)),
      longName('K', 'k'),
      member({ type: '1', magic: GNU }),
    ),
    archive(
      member({ type: 'S', magic: GNU, size: 2, at: { 386: octal(1, 12) + octal(2, 12), 483: octal(5, 12) } }),
      padded('xy'),
    ),
    archive(
      pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' }),
      member({ size: 513 }),
      padded('1\n4\n1\n'),
      padded('z'),
    ),
    archive(pax({ 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '2,1', 'GNU.sparse.size': '4' }), member({}, 'z')),
    archive(
      member({ type: 'V', magic: GNU }, 'label'),
      member({ type: 'D', magic: GNU }, 'Ya\0\0'),
      member({ type: '3', major: '0000001\0' }),
    ),
  ];

  it('answers a damaged archive with members or a TareError, the same for all chunks', () => {
    const flip = fc.record({
      at: fc.nat(),
      value: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0123456789\0 =,\nxgLKSD'))),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.array(flip, { maxLength: 4 }),
        fc.option(fc.nat(), { nil: undefined, freq: 3 }),
        fc.boolean(),
        cuts,
        (original, flips, cut, mend, cuts) => {
          const damaged = Buffer.from(original);
          for (const { at, value } of flips) damaged[at % damaged.length] = value;
          // Without its checksums mended hardly any damage would get past the first test.
          if (mend)
            for (let at = 0; at < damaged.length; at += 512) if (original[at + 156] !== 0) fixChecksum(damaged, at);
          const end = cut === undefined ? damaged.length : cut % damaged.length;
          const bytes = damaged.subarray(0, end);
          expect(outcome(bytes, cuts)).toEqual(outcome(bytes));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('answers random bytes with a TareError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), cuts, (random, cuts) => {
        expect(outcome(random, cuts)).toEqual(outcome(random));
      }),
    );
  });
});
