import { trimmed } from '../../../formats/dockerfile/source.ts';
import type { Dockerfile } from '../../../formats/dockerfile/types.ts';
import type { Edit, Rule } from '../../types.ts';
import { fix } from '../mend.ts';

export const noEmptyContinuation: Rule = {
  id: 'NoEmptyContinuation',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'A continued instruction has no empty lines',
  why: 'An empty line inside an instruction is passed over today and will be an error in a later version of the Dockerfile syntax.',
  cure: 'remove the empty line, or write a comment in it',
  example: { bad: 'RUN make \\\n\n    install', good: 'RUN make \\\n    install' },
  fixable: true,
  *check(file) {
    for (const { range, rule } of file.warnings) {
      if (rule !== 'NoEmptyContinuation') continue;
      yield {
        message: 'this instruction goes on behind an empty line',
        range,
        ...fix(...emptyLines(file, range.start.offset)),
      };
    }
  },
};

/** The lines without a char that follow each other in the instruction around `offset`; heredocs are behind its last line. */
function emptyLines({ instructions, text }: Dockerfile, offset: number): Edit[] {
  const node = instructions.findLast(({ range }) => range.start.offset < offset);
  const heredocs = node !== undefined && 'heredocs' in node ? node.heredocs : [];
  const bodies = heredocs.map(({ body }) => body.start.offset);
  const last = Math.min(
    ...bodies,
    node === undefined || node.range.end.offset < offset ? text.length : node.range.end.offset,
  );
  const edits: Edit[] = [];
  for (let start = offset; start < last;) {
    const feed = text.indexOf('\n', start);
    const end = feed === -1 ? text.length : feed + 1;
    if (isBlankLine(text.slice(start, end))) edits.push({ start, end, text: '' });
    start = end;
  }
  return edits.length === 0 ? [{ start: offset, end: text.length, text: '' }] : edits;
}

function isBlankLine(line: string): boolean {
  const [from, to] = trimmed(line, 0, line.length);
  return from === to;
}
