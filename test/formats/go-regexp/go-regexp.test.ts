import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goRegexp } from '../../../src/formats/go-regexp/index.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

/** What an expression says of a text; a problem is `undefined`. */
function ask(expression: string, text: string): boolean | undefined {
  const made = goRegexp(expression);
  return 'problem' in made ? undefined : made.test(text);
}

/** Expression, a text that it matches, a text that it does not. */
const CASES: readonly (readonly [expression: string, yes: string, no: string])[] = [
  ['abc', 'xabcx', 'ab c'],
  ['^abc$', 'abc', 'abc\n'],
  ['(?m)^b$', 'a\nb\nc', 'ab'],
  ['a.c', 'abc', 'a\nc'],
  ['(?s)a.c', 'a\nc', 'ac'],
  ['(?i)HeLLo', 'hello', 'helo'],
  ['(?i:A)b', 'ab', 'aB'],
  ['(?i)k', '\u212a', 'x'],
  ['(?-i)a', 'a', 'A'],
  ['x*y+z?', 'y', 'x'],
  ['(ab|cd)+e', 'abcde', 'abc'],
  ['a{2,3}b', 'aab', 'ab'],
  ['^a{2}$', 'aa', 'aaa'],
  ['^a{2,}$', 'aaaaa', 'a'],
  ['a{,2}', 'a{,2}', 'aa'],
  ['a{x', 'a{x', 'a'],
  ['[a-c]x[^0-9]', 'bx\n', 'bx5'],
  ['[]a]', ']', 'b'],
  ['[a-]', '-', 'b'],
  ['[[:digit:]_]+$', '12_', 'a'],
  ['[[:^alpha:]]', '1', 'a'],
  ['[\\d\\-x]', '-', 'a'],
  ['\\bfoo\\b', 'a foo b', 'afoob'],
  ['\\Boo', 'foo', 'oo'],
  ['\\Aa', 'ab', 'ba'],
  ['a\\z', 'ba', 'a\n'],
  ['\\s\\S\\w\\W\\d\\D', ' ab.1x', 'x'],
  ['\\s', ' ', '\v'],
  ['\\x41\\x{1F600}\\101', 'A\u{1f600}A', 'A'],
  ['\\Qa.b*\\E+', 'a.b***', 'aXb*'],
  ['\\pL\\p{Lu}\\P{Lu}', 'äÄä', '1'],
  ['\\p{Greek}', 'α', 'a'],
  ['\\p{^Greek}', 'a', 'α'],
  ['(?P<name>a)(?<other>b)', 'ab', 'a'],
  ['(?U)a+?b', 'aab', 'a'],
  ['a|', 'x', 'x'],
  ['(a|b)*c|d', 'ababc', 'e'],
  ['😀+', 'x😀😀', 'x'],
  ['^$', '', 'a'],
  ['(?:)', 'x', 'x'],
  ['v\\d+\\.\\d+\\.\\d+', 'v22.1.0', 'v22'],
];

const BAD = [
  'a(',
  'a)',
  '[a',
  '[z-a]',
  '*a',
  'a**',
  'a{2}{3}',
  'a{1001}',
  'a{3,2}',
  '(?=a)',
  '(?!a)',
  '(?<=a)b',
  '\\1',
  '\\8',
  '\\Z',
  '\\y',
  '\\',
  '\\p{Nonsense}',
  '\\x{110000}',
  '[[:nonsense:]]',
  '(?x)a',
  '(?P<>a)',
];

describe('regular expressions of Go', () => {
  it.each(CASES)('%s', (expression, yes, no) => {
    expect(ask(expression, yes)).toBe(true);
    if (!['a|', '(?:)'].includes(expression)) expect(ask(expression, no)).toBe(false);
  });

  it.each(BAD)('%s is none', (expression) => {
    expect(goRegexp(expression)).toHaveProperty('problem');
  });

  it('says the same as JavaScript where both mean the same', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\b', '^', '$', '(a|b)', '(?:ab)', '\\d', 'c?');
    const part = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '{1,2}')).map(([one, times]) => {
      const isAssertion = ['\\b', '^', '$', 'c?'].includes(one);
      return isAssertion ? one : one + times;
    });
    const expression = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    const both = fc.array(expression, { minLength: 1, maxLength: 3 }).map((all) => all.join('|'));
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', ' ', '\n'), { maxLength: 12 }).map((all) => all.join(''));
    fc.assert(
      fc.property(both, text, (pattern, subject) => {
        expect(ask(pattern, subject)).toBe(new RegExp(pattern, 'u').test(subject));
      }),
      { numRuns: 2000 },
    );
  });

  it.skipIf(!needs('go'))('says what Go says', () => {
    const dir = tempDir();
    writeFileSync(
      join(dir, 'main.go'),
      `package main
import ("encoding/json"; "os"; "regexp")
func main() {
  var in [][]string
  if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil { panic(err) }
  out := []any{}
  for _, pair := range in {
    r, err := regexp.Compile(pair[0])
    if err != nil { out = append(out, nil); continue }
    out = append(out, r.MatchString(pair[1]))
  }
  json.NewEncoder(os.Stdout).Encode(out)
}`,
    );
    const pairs = [
      ...CASES.flatMap(([expression, yes, no]) => [
        [expression, yes],
        [expression, no],
      ]),
      ...BAD.map((expression) => [expression, '']),
    ];
    const said = JSON.parse(
      execFileSync('go', ['run', join(dir, 'main.go')], {
        input: JSON.stringify(pairs),
        encoding: 'utf8',
        env: { ...process.env, GO111MODULE: 'off', GOFLAGS: '' },
      }),
    ) as (boolean | null)[];
    for (const [at, [expression = '', text = '']] of pairs.entries())
      expect(ask(expression, text) ?? null, `${expression} on ${JSON.stringify(text)}`).toBe(said[at]);
  });
});

describe('hostile expressions', () => {
  it.each(['(a+)+$', '^(a|a)*$', '(a*)*b', '(?:a?){50}a{50}$', '(x+x+)+y', '(.*.*.*.*)z$'])('%s ends', (expression) => {
    const made = goRegexp(expression);
    if ('problem' in made) throw new Error(made.problem);
    expect(made.test(`${'a'.repeat(100_000)}!`)).toBe(false);
  });

  it.each([
    ['groups without end', '('.repeat(5000)],
    ['groups in groups', `${'('.repeat(4000)}a${')'.repeat(4000)}`],
    ['repetitions of repetitions', '((((a{1000}){1000}){1000}){1000})'],
    ['repetitions of nothing', '((((){1000}){1000}){1000}){1000}'],
    ['a long one', 'a'.repeat(20_000)],
  ])('%s are refused', (_what, expression) => {
    expect(goRegexp(expression)).toHaveProperty('problem');
  });

  it('gives up what takes too long', () => {
    // A set of ways that is never the same again: bits that are remembered for some hundred chars.
    const made = goRegexp(`(?:a|b)*a(?:a|b){900}c`);
    if ('problem' in made) throw new Error(made.problem);
    let text = '';
    for (let at = 0, bits = 1; at < 200_000; at++) {
      bits = (bits * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += bits > 1_073_741_824 ? 'a' : 'b';
    }
    expect(made.test(text)).toBeUndefined();
  });
});
