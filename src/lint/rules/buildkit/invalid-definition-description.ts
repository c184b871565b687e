import type { Instruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';
import { fix, inserted } from '../mend.ts';

export const invalidDefinitionDescription: Rule = {
  id: 'InvalidDefinitionDescription',
  origin: 'buildkit',
  since: '2026.1',
  // Experimental there: off unless it is asked for.
  severity: 'off',
  title: 'A comment above a stage or an argument describes it',
  why: 'Builders list stages and arguments with the comment above them, when that begins with the name. A comment about something else would be taken for it.',
  cure: 'begin the comment with the name, or put an empty comment below it',
  example: { bad: '# pinned for now\nARG VERSION=1', good: '# VERSION is the release that is built\nARG VERSION=1' },
  fixable: true,
  *check({ instructions, text }) {
    for (const node of instructions) {
      const names = namesOf(node);
      const comment = node.comments.at(-1);
      if (names.length === 0 || comment === undefined) continue;
      if (names.includes(comment.text.split(' ', 1)[0] ?? '')) continue;
      const line = node.range.start.offset - (node.range.start.column - 1);
      const feed = text[line - 2] === '\r' ? '\r\n' : '\n';
      yield {
        message: `the comment does not begin with ${names.length === 1 ? names[0] : 'the name of an argument'}`,
        range: comment.range,
        ...fix(inserted(line, `#${feed}`)),
      };
    }
  },
};

function namesOf(node: Instruction): readonly string[] {
  if (node.kind === 'FROM') return node.name === undefined ? [] : [node.name.value.toLowerCase()];
  return node.kind === 'ARG' ? node.args.map(({ key }) => key.value) : [];
}
