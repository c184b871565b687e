import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { tomlTable } from '../../src/base/toml.ts';

describe('a TOML document', () => {
  it('is read', () => {
    const text =
      '[project]\nname = "x"\ndependencies = ["a>1"]\n[project.scripts]\nrun = "x:main"\n[[tool]]\nsince = 1979-05-27\n';
    expect(tomlTable(text)).toMatchObject({
      project: { name: 'x', dependencies: ['a>1'], scripts: { run: 'x:main' } },
      tool: [{ since: expect.any(Date) }],
    });
  });

  it.each([
    ['a', 'line 1'],
    ['\n\na = "b', 'line 3'],
    ['a = 1\na = 2', 'line 2'],
    [`a = ${'['.repeat(100_000)}`, 'line 1'],
    [`a = ${'{b='.repeat(100_000)}`, 'line 1'],
  ])('%.20j is refused', (text, message) => {
    expect(() => tomlTable(text)).toThrow(expect.objectContaining({ code: 'E_TOML' }));
    expect(() => tomlTable(text)).toThrow(message);
  });

  it('names of the prototype are keys like others', () => {
    const table = tomlTable('__proto__ = "x"\n[constructor]\na = "z"');
    expect(Object.keys(table).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('anything else is refused with a code', () => {
    const words = fc.constantFrom(
      'a',
      '=',
      '"',
      "'",
      '"""',
      '[',
      ']',
      '[[',
      ']]',
      '{',
      '}',
      ',',
      '.',
      '\n',
      '1',
      '\\u',
      '#',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
        try {
          tomlTable(parts.join(''));
        } catch (error) {
          expect(isTareError(error, 'E_TOML')).toBe(true);
        }
      }),
    );
  });
});
