import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apkFieldOf, encodeApkInstalled, parseApkInstalled } from '../../../src/formats/apkindex/index.ts';

const fixture = readFileSync(new URL('../../packages/fixtures/apk-installed', import.meta.url));
const parse = (text: string) => parseApkInstalled(Buffer.from(text, 'latin1'), 'installed');

describe('parseApkInstalled', () => {
  it('reads packages, folders and files with their positions', () => {
    const stanzas = parseApkInstalled(fixture, 'installed');
    expect(stanzas.map((stanza) => [apkFieldOf(stanza, 'P'), apkFieldOf(stanza, 'V')])).toEqual([
      ['musl', '1.2.5-r0'],
      ['busybox', '1.36.1-r29'],
      ['zlib', '1.3.1-r1'],
    ]);
    for (const { offset, size } of stanzas) {
      const text = fixture.subarray(offset, offset + size).toString();
      expect(text).toMatch(/^C:Q1/);
      expect(text.endsWith('\n')).toBe(false);
      expect(text).not.toContain('\n\n');
    }
    expect(stanzas[0]?.folders).toEqual([
      {
        path: 'lib',
        files: [
          { name: 'ld-musl-x86_64.so.1', attributes: '0:0:755', checksum: 'Q1mUsLmUsLmUsLmUsLmUsLmUsLmUs=' },
          { name: 'libc.musl-x86_64.so.1', attributes: '0:0:777', checksum: 'Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=' },
        ],
      },
    ]);
    expect(stanzas[1]?.folders[3]).toEqual({ path: 'tmp', attributes: '0:0:1777', files: [] });
  });

  it('gives the bytes back', () => {
    expect(encodeApkInstalled(parseApkInstalled(fixture, 'installed')).toString()).toBe(fixture.toString());
  });

  it('takes CR LF and a missing last line end', () => {
    expect(parse('P:a\r\nV:1\r\n\r\nP:b').map((stanza) => stanza.fields)).toEqual([
      [
        ['P', 'a'],
        ['V', '1'],
      ],
      [['P', 'b']],
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['a line without colon', 'P:a\nnonsense\n', /installed, line 2 is not a letter/],
    ['a file without folder', 'P:a\nR:x\n', /line 2 has R: without a folder/],
    ['a mode without file', 'P:a\nF:bin\na:0:0:755\n', /line 3 has a: without a file/],
    ['a checksum of the folder before', 'P:a\nF:bin\nR:x\nF:lib\nZ:Q1\n', /line 5 has Z: without a file/],
    ['a mode without folder', 'P:a\nM:0:0:755\n', /line 2 has M: without a folder/],
    ['a file with a slash', 'P:a\nF:bin\nR:../x\n', /line 3 names a file that is no plain name/],
    ['a letter that is none', '1:x\n', /line 1 is not a letter/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'E_PACKAGE_DB', message: expect.stringMatching(message) }),
    );
  });

  it('limits the fields of a package', () => {
    expect(() => parse('D:x\n'.repeat(1001))).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
  });

  it('only ever fails with a TareError', () => {
    const unit = fc.constantFrom('P', 'F', 'R', 'a', 'Z', 'M', ':', '\n', '\r', '/', 'x');
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit, maxLength: 60 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          parseApkInstalled(bytes, 'x');
        } catch (error) {
          expect(error).toMatchObject({ name: 'TareError', code: 'E_PACKAGE_DB' });
        }
      }),
    );
  });
});

const text = fc.stringMatching(/^[!-~\x80-\xff]{0,12}$/);
const plain = fc.stringMatching(/^[!-.0-~\x80-\xff]{1,12}$/);
const optional = (key: 'attributes' | 'checksum') =>
  fc.oneof(
    fc.constant({}),
    text.map((value) => ({ [key]: value })),
  );
const file = fc
  .tuple(plain, optional('attributes'), optional('checksum'))
  .map(([name, a, z]) => ({ name, ...a, ...z }));
const folder = fc
  .tuple(text, optional('attributes'), fc.array(file, { maxLength: 3 }))
  .map(([path, attributes, files]) => ({ path, ...attributes, files }));
const field = fc.tuple(fc.constantFrom('P', 'V', 'A', 'o', 'C', 'D', 'p'), text);
const stanza = fc.record({
  fields: fc.array(field, { minLength: 1, maxLength: 5 }),
  folders: fc.array(folder, { maxLength: 3 }),
});

it('what is encoded is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(stanza, { maxLength: 4 }), (stanzas) => {
      const read = parseApkInstalled(encodeApkInstalled(stanzas), 'x');
      expect(read.map(({ fields, folders }) => ({ fields, folders }))).toEqual(stanzas);
    }),
  );
});
