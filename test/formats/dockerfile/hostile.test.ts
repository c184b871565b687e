import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { parseDockerfile, processWord, type Dockerfile } from '../../../src/formats/dockerfile/index.ts';
import { FLAGS } from './corpus/flags.ts';
import { HEREDOCS } from './corpus/heredocs.ts';
import { INSTRUCTIONS } from './corpus/instructions.ts';
import { LAYOUT } from './corpus/layout.ts';
import { placed } from './nodes.ts';
import { summary } from './summary.ts';

const CORPUS = [...INSTRUCTIONS, ...FLAGS, ...LAYOUT, ...HEREDOCS].map(([, text]) => text);

/** The file, or undefined when it is refused as it should be. */
function parsed(text: string): Dockerfile | undefined {
  try {
    return parseDockerfile(text, { file: 'f' });
  } catch (error) {
    if (isTareError(error)) return undefined;
    throw error;
  }
}

function checkRanges(file: Dockerfile): void {
  let last = 0;
  for (const { range } of file.instructions) {
    expect(range.start.offset).toBeGreaterThanOrEqual(last);
    last = range.end.offset;
  }
  for (const { path, range, raw, parent } of placed(file)) {
    const { start, end } = range;
    expect(start.offset, path).toBeLessThanOrEqual(end.offset);
    expect(end.offset, path).toBeLessThanOrEqual(file.text.length);
    for (const { line, column, offset } of [start, end]) {
      const before = file.text.slice(0, offset);
      expect([line, column], path).toEqual([before.split('\n').length, offset - before.lastIndexOf('\n')]);
    }
    if (raw !== undefined) expect(raw, path).toBe(file.text.slice(start.offset, end.offset));
    if (parent !== undefined) {
      expect(start.offset, path).toBeGreaterThanOrEqual(parent.range.start.offset);
      expect(end.offset, path).toBeLessThanOrEqual(parent.range.end.offset);
    }
  }
}

const KEYWORDS = 'RUN COPY ADD ENV ARG LABEL CMD ONBUILD HEALTHCHECK EXPOSE VOLUME SHELL FROM AS'.split(' ');
const SIGNS = '# \\ ` " \' $A ${A } << <<-E <<E E [ ] ["a"] , = -- --from= --mount= type= cache // - é 😀'.split(' ');
const ODD = ['\n', '\r\n', '\t', ' ', '\\\n', '\ufeff', '\u3000', '\ud800', '\0', '# escape=`\n', 'FROM a\n'];
const pieces = fc.constantFrom(...KEYWORDS, ...SIGNS, ...ODD);
const soup = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
const file = soup.map((text) => `FROM a\n${text}`);

describe('any text', () => {
  it.each(CORPUS)('has ranges that hold what they say: %j', (text) => {
    checkRanges(parseDockerfile(text, { file: 'f' }));
  });

  it('is read or refused, with ranges in order and one in the other', () => {
    fc.assert(
      fc.property(fc.oneof(file, soup, fc.string()), (text) => {
        const result = parsed(text);
        if (result !== undefined) checkRanges(result);
      }),
      { numRuns: 2000 },
    );
  });

  it('means the same with either line end, heredocs apart', () => {
    fc.assert(
      fc.property(file, (text) => {
        const unix = text.replaceAll('\r', '').replaceAll('<<', '<');
        const [a, b] = [parsed(unix), parsed(unix.replaceAll('\n', '\r\n'))];
        expect(b?.instructions.map(summary)).toEqual(a?.instructions.map(summary));
      }),
      { numRuns: 1000 },
    );
  });

  it('is expanded or refused', () => {
    fc.assert(
      fc.property(soup, (text) => {
        try {
          processWord(text, new Map([['A', 'x*?\\y']]));
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const MiB = 1024 * 1024;
const lines = (line: string, count: number): string => Array.from({ length: count }, () => `${line}\n`).join('');

describe('large text', () => {
  it.each<[string, string, string]>([
    ['a file of more than 1 MiB', `FROM a\n${lines(`#${'x'.repeat(1000)}`, 1100)}`, 'E_LIMIT'],
    ['a line of more than 64 KiB', `FROM a\nRUN ${'x'.repeat(65_536)}`, 'E_LIMIT'],
    ['too many lines', lines('', 100_001), 'E_LIMIT'],
    ['too many instructions', lines('FROM a', 10_001), 'E_LIMIT'],
    ['too many words', `FROM a\nEXPOSE ${lines('1 2 3 4 5 6 7 8 9 \\', 8000)}`, 'E_DOCKERFILE'],
    ['too many flags', `FROM a\nCOPY ${lines('--exclude=a --exclude=b \\', 33_000)} a b`, 'E_DOCKERFILE'],
    ['heredocs that never end', `FROM a\nRUN ${'<<A '.repeat(10_000)}\n${lines('x', 90_000)}`, 'E_DOCKERFILE'],
    ['an array in an array, deep', `FROM a\nRUN ${'['.repeat(60_000)}`, ''],
    ['a continuation that never ends', `FROM a\nRUN ${lines('x \\', 99_000)}`, ''],
    ['comments above comments', `${lines('# x', 99_000)}FROM a`, ''],
    ['braces in braces', `FROM a\nRUN <<${'${a:-'.repeat(10_000)}`, 'E_LIMIT'],
    ['backslashes', `FROM a\nRUN ${'\\ '.repeat(30_000)}\nENV A="${'\\\\'.repeat(30_000)}"`, ''],
  ])('is read or refused in time: %s', (_, text, code) => {
    expect(text.length).toBeLessThan(2 * MiB);
    const read = (): unknown => parseDockerfile(text, { file: 'f' });
    if (code === '') expect(read()).toBeDefined();
    else expect(read).toThrow(expect.objectContaining({ code }));
  });

  it.each<[string, string, Record<string, string>]>([
    ['nests', '${a:-'.repeat(5000), {}],
    ['grows', '$A'.repeat(10), { A: 'x'.repeat(MiB) }],
    ['grows in quotes', `"${'$A'.repeat(10)}"`, { A: 'x'.repeat(MiB) }],
    ['grows by replacing', '${A//x/$B}', { A: 'x'.repeat(100_000), B: 'y'.repeat(1000) }],
    ['compares for long', `\${A/${'*x'.repeat(50)}*z/y}`, { A: 'x'.repeat(10_000) }],
  ])('an expansion that %s is refused', (_, word, variables) => {
    expect(() => processWord(word, new Map(Object.entries(variables)))).toThrow(
      expect.objectContaining({ code: 'E_LIMIT' }),
    );
  });
});
