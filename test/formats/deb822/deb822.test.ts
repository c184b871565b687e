import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDeb822, fieldOf, parseDeb822 } from '../../../src/formats/deb822/index.ts';

const parse = (text: string) => parseDeb822(Buffer.from(text, 'latin1'), 'status');

describe('parseDeb822', () => {
  it.each<[string, string, Record<string, string>[]]>([
    ['nothing', '', []],
    ['blank lines only', '\n \t\n\r\n', []],
    ['one field', 'Package: zlib1g', [{ Package: 'zlib1g' }]],
    ['no blank after the colon', 'Package:zlib1g\n', [{ Package: 'zlib1g' }]],
    ['a colon in the value', 'Version: 1:1.2.13\n', [{ Version: '1:1.2.13' }]],
    ['CR LF', 'A: 1\r\n two\r\n\r\nB: 2\r\n', [{ A: '1\ntwo' }, { B: '2' }]],
    ['folded', 'Description: short\n long\n .\n\tmore  \n', [{ Description: 'short\nlong\n.\nmore' }]],
    ['an empty first line', 'Conffiles:\n /etc/a 0\n /etc/b 1\n', [{ Conffiles: '\n/etc/a 0\n/etc/b 1' }]],
    ['comments', '# one\nA: 1\n# two\n 2\n', [{ A: '1\n2' }]],
    ['a line of blanks between stanzas', 'A: 1\n  \nB: 2', [{ A: '1' }, { B: '2' }]],
    ['bytes beyond ASCII', 'Maintainer: Ren\xc3\xa9\x85\n', [{ Maintainer: 'Ren\xc3\xa9\x85' }]],
    ['an odd name', '!x-#1: y\n', [{ '!x-#1': 'y' }]],
  ])('reads %s', (_, text, expected) => {
    expect(parse(text).map((stanza) => Object.fromEntries(stanza))).toEqual(expected);
  });

  it.each<[string, string, RegExp]>([
    ['no colon', 'A: 1\nnonsense\n', /status, line 2 is neither/],
    ['an empty name', ': x\n', /line 1 is neither/],
    ['a blank in the name', 'A B: x\n', /line 1 is neither/],
    ['a dash first', '-A: x\n', /line 1 is neither/],
    ['bytes in the name', 'N\xe9e: x\n', /line 1 is neither/],
    ['a name without end', `${'A'.repeat(300)}: x\n`, /line 1 is neither/],
    ['continuation of nothing', ' x\n', /line 1 continues a field/],
    ['a field twice, in another case', 'A: 1\na: 2\n', /line 2 gives the field a a second time/],
    ['an ELF file', '\x7fELF\x02\x01', /line 1 is neither/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'E_PACKAGE_DB', message: expect.stringMatching(message) }),
    );
  });

  it('limits the fields of a stanza', () => {
    const text = Array.from({ length: 1001 }, (_, index) => `F${index}: x\n`).join('');
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
  });

  it('finds a field in any case', () => {
    const [stanza] = parse('pAckage: x\n');
    expect(stanza === undefined ? undefined : fieldOf(stanza, 'Package')).toBe('x');
    expect(stanza === undefined ? undefined : fieldOf(stanza, 'Version')).toBeUndefined();
  });
});

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const line = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,20}[!-~\x80-\xff])?$/);
const value = fc
  .tuple(fc.oneof(line, fc.constant('')), fc.array(line, { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join('\n'));
const stanza = fc
  .uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 6, selector: ([key]) => key.toLowerCase() })
  .map((fields) => new Map(fields));

describe('encodeDeb822', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(stanza, { maxLength: 5 }), (stanzas) => {
        expect(parseDeb822(encodeDeb822(stanzas), 'x')).toEqual(stanzas);
      }),
    );
  });

  it('lets no value begin a field or a stanza', () => {
    const text = encodeDeb822([new Map([['A', '1\n\nPackage: evil']])]).toString();
    expect(text).toBe('A: 1\n .\n Package: evil\n');
  });

  it('only ever fails with a TareError', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .string({ unit: fc.constantFrom('A', ':', ' ', '\n', '#', '\r', '\t', '.'), maxLength: 60 })
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          parseDeb822(bytes, 'x');
        } catch (error) {
          expect(error).toMatchObject({ name: 'TareError', code: 'E_PACKAGE_DB' });
        }
      }),
    );
  });
});
