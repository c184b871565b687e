import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { parseDotenv, parseRawEnv } from '../../../src/formats/compose/dotenv.ts';

const OUTER = { HOST: 'outer', SHARED: 'from outside' };

const TABLE: readonly (readonly [string, Record<string, string>])[] = [
  ['', {}],
  ['\n  \n# only a comment', {}],
  ['A=1', { A: '1' }],
  ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ['\uFEFFA=1', { A: '1' }],
  ['export A=1', { A: '1' }],
  ['exported=1', { exported: '1' }],
  ['A = spaced  ', { A: 'spaced' }],
  ['A: yaml', { A: 'yaml' }],
  ['A=', { A: '' }],
  ['A=\nB=2', { A: '', B: '2' }],
  ['A=a=b', { A: 'a=b' }],
  ['A=a b # comment', { A: 'a b' }],
  ['A=a#b', { A: 'a#b' }],
  ['A= # comment', { A: '' }],
  ["A='single $HOST # x'", { A: 'single $HOST # x' }],
  ["A='Let\\'s go'", { A: "Let's go" }],
  ["A='a\\nb'", { A: 'a\\nb' }],
  ['A="double $HOST"', { A: 'double outer' }],
  ['A="a\\nb\\tc\\\\d\\"e"', { A: 'a\nb\tc\\d"e' }],
  ['A="two\nlines"\nB=2', { A: 'two\nlines', B: '2' }],
  ["A='two\nlines' # comment\nB=2", { A: 'two\nlines', B: '2' }],
  ['A="\\$HOST"', { A: '$HOST' }],
  ['A=1\nB=${A}2\nC=${B}3', { A: '1', B: '12', C: '123' }],
  ['A=${NONE:-default}', { A: 'default' }],
  ['A=pa$$word', { A: 'pa$word' }],
  ['A=cost: 5$', { A: 'cost: 5$' }],
  ['SHARED=inside\nA=$SHARED', { SHARED: 'inside', A: 'from outside' }],
  ['HOST', { HOST: 'outer' }],
  ['NOWHERE', {}],
  ['NOWHERE\nA=1', { A: '1' }],
  ['a.b=1\nÄ=2\n0X=3', { 'a.b': '1', Ä: '2', '0X': '3' }],
  ['A=1\nA=2', { A: '2' }],
];

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['A B=1', /^f\.env:1: /],
  ['A=1\n=2', /^f\.env:2: /],
  ['A=1\n-x=2', /^f\.env:2: /],
  ['A="open\nB=2', /^f\.env:1: a " is not closed/],
  ["\nA='open", /^f\.env:2: a ' is not closed/],
  ['A="x"y', /text after a closing "/],
  ['A=\0', /NUL/],
  ['A=1\nB=${NONE:?needed}', /^f\.env:2: the variable NONE is not set, or is empty: needed/],
];

describe('parseDotenv', () => {
  it.each(TABLE)('%j', (text, expected) => {
    expect(parseDotenv(text, OUTER)).toEqual(expected);
    expect(parseDotenv(text, (name) => (OUTER as Record<string, string>)[name])).toEqual(expected);
  });

  it.each(WRONG)('refuses %j', (text, message) => {
    const run = (): unknown => parseDotenv(text, {}, { file: 'f.env' });
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ code: 'E_COMPOSE' }));
  });

  it('keeps __proto__ an ordinary name', () => {
    const found = parseDotenv('__proto__=1');
    expect(Object.keys(found)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  it('gives back what is quoted', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\0]/.test(text));
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (variables) => {
        const text = Object.entries(variables).map(
          ([key, inner]) => `${key}="${inner.replaceAll(/["\\$]/g, String.raw`\$&`)}"\n`,
        );
        expect(parseDotenv(text.join(''))).toEqual({ ...variables });
      }),
    );
  });

  it('never throws anything but its own error, and never tells a value', () => {
    const part = fc.constantFrom('A', '=', '"', "'", '\\', '\n', '#', ' ', '$A', '${', '}', ':', 'hunter2', 'export ');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        try {
          parseDotenv(parts.join(''), { A: 'swordfish' });
        } catch (error) {
          expect(isTareError(error, 'E_COMPOSE')).toBe(true);
          expect(String(error)).not.toContain('swordfish');
        }
      }),
    );
  });
});

describe('parseRawEnv', () => {
  it('takes lines as they are', () => {
    expect(parseRawEnv('# x\nA="q" # y\nB=$A\n\nC=')).toEqual({ A: '"q" # y', B: '$A', C: '' });
    expect(() => parseRawEnv('A=1\nB', { file: 'f' })).toThrow(/^f:2: it is not NAME=value/);
  });
});
