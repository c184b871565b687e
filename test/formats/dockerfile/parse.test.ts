import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { parseDockerfile, type Instruction } from '../../../src/formats/dockerfile/index.ts';
import { ERRORS } from './corpus/errors.ts';
import { FLAGS } from './corpus/flags.ts';
import { HEREDOCS } from './corpus/heredocs.ts';
import { INSTRUCTIONS } from './corpus/instructions.ts';
import { LAYOUT } from './corpus/layout.ts';
import { summaries, summary } from './summary.ts';

const parse = (text: string) => parseDockerfile(text, { file: 'Dockerfile' });

/** The only instruction behind `FROM a`, as its kind. */
function only<Kind extends Instruction['kind']>(line: string, kind: Kind): Extract<Instruction, { kind: Kind }> {
  const node = parse(`FROM a\n${line}`).instructions[1];
  if (node?.kind !== kind) throw new Error(`${line} is no ${kind}`);
  return node as Extract<Instruction, { kind: Kind }>;
}

describe('parseDockerfile', () => {
  it.each([...INSTRUCTIONS, ...FLAGS, ...LAYOUT, ...HEREDOCS])('reads %s', (_, text, expected) => {
    expect(summaries(parse(text))).toEqual(expected);
  });

  it.each(ERRORS)('refuses %s', (_, text, expected) => {
    let error: unknown;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown;
    }
    if (!isTareError(error, 'E_DOCKERFILE')) throw error ?? new Error('it was accepted');
    expect(`${error.message} => ${error.hint}`).toBe(expected);
  });

  it.each([...INSTRUCTIONS, ...FLAGS, ...LAYOUT])('reads %s with other line ends alike', (_, text) => {
    const unix = text.replaceAll('\r', '');
    const windows = unix.replaceAll('\n', '\r\n');
    expect(parse(windows).instructions.map(summary)).toEqual(parse(unix).instructions.map(summary));
  });

  it('sorts instructions into globals and stages', () => {
    const file = parse('ARG A\nARG B=1\nFROM a AS One\nRUN x\nFROM b\nCOPY --from=one x y\nUSER z\n');
    expect(file.globals.map(summary)).toEqual(['ARG A', 'ARG B="1"']);
    expect(file.stages.map(({ index, name, instructions }) => [index, name, instructions.map(summary)])).toEqual([
      [0, 'one', ['RUN $ x']],
      [1, undefined, ['COPY --from="one" "x" -> "y"', 'USER "z"']],
    ]);
    expect(file.stages.map(({ range }) => [range.start.line, range.end.line])).toEqual([
      [3, 4],
      [5, 7],
    ]);
  });

  it('gives places in lines, columns and offsets', () => {
    const file = parse('FROM a\r\n  COPY --link é😀 \\\r\n # no\r\n b\r\n');
    const copy = file.instructions[1];
    expect(copy).toMatchObject({
      range: { start: { line: 2, column: 3, offset: 10 }, end: { line: 4, column: 3 } },
      flags: [{ name: 'link', value: '', bare: true, raw: '--link' }],
      sources: [{ raw: 'é😀', range: { start: { line: 2, column: 15 }, end: { line: 2, column: 18 } } }],
      destination: { raw: 'b', range: { start: { line: 4, column: 2 }, end: { line: 4, column: 3 } } },
      text: 'COPY --link é😀  b',
    });
    expect(file.comments).toMatchObject([{ text: 'no', range: { start: { line: 3, column: 2 } } }]);
  });

  it('keeps raw and joined text of a word apart', () => {
    const node = only('WORKDIR /a\\\n# c\n/b', 'WORKDIR');
    expect(node.path).toMatchObject({ raw: '/a\\\n# c\n/b', value: '/a/b' });
  });

  it('gives an instruction the comments above it', () => {
    const file = parse('# one\n#\n# two\n\n# three\nFROM a\nRUN x \\\n# inside\n y\n# four\nUSER b');
    expect(file.instructions.map(({ comments }) => comments.map(({ text }) => text))).toEqual([
      ['two', 'three'],
      [],
      ['four'],
    ]);
    expect(file.comments.map(({ text }) => text)).toEqual(['one', '', 'two', 'three', 'inside', 'four']);
  });

  it('places heredocs', () => {
    const text = 'FROM a\nRUN <<-X cat\n\ta\n\tX\nUSER b';
    const [, run] = parse(text).instructions;
    if (run?.kind !== 'RUN') throw new Error('no RUN');
    const [heredoc] = run.heredocs;
    const slice = (range: { start: { offset: number }; end: { offset: number } } | undefined): string =>
      text.slice(range?.start.offset, range?.end.offset);
    expect([slice(heredoc?.range), slice(heredoc?.body), slice(heredoc?.terminator)]).toEqual(['<<-X', '\ta\n', '\tX']);
    expect(slice(run.range)).toBe('RUN <<-X cat\n\ta\n\tX');
  });

  it.each([
    ['ONBUILD RUN make  ', 'RUN make  '],
    ['onbuild   COPY a \\\n  b', 'COPY a   b'],
    ['ONBUILD RUN <<A <<-B\n1\nA\n\t2\nB', 'RUN <<A <<-B\n1\nA\n\t2\nB'],
  ])('keeps the expression of %j', (line, expected) => {
    expect(only(line, 'ONBUILD').expression).toBe(expected);
  });

  it('lets two stages of one name be, when asked', () => {
    const file = parseDockerfile('FROM a AS b\nFROM c AS B', { file: 'x', duplicateStages: 'warn' });
    expect(file.stages.map(({ name }) => name)).toEqual(['b', 'b']);
    expect(file.warnings).toMatchObject([{ rule: 'DuplicateStageName', range: { start: { line: 2, column: 11 } } }]);
  });

  it('shows a long or strange line in one piece', () => {
    const text = `FROM a\nFOO \x1b[31m${'x'.repeat(500)}`;
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ message: `Dockerfile:2: FOO  [31m${'x'.repeat(151)}… : there is no instruction FOO` }),
    );
  });
});
