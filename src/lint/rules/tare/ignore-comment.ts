import { ignoreComments } from '../../comments.ts';
import type { Rule } from '../../types.ts';

export const ignoreComment: Rule = {
  id: 'IgnoreComment',
  origin: 'tare',
  since: '2026.1',
  severity: 'error',
  title: 'A comment that silences a rule names it and says why',
  why: 'Without a reason nobody can tell later whether the exception still holds; with a misspelt name it silences nothing.',
  cure: 'write `# tare ignore=RULE[,RULE] REASON` above the instruction',
  example: {
    bad: '# tare ignore=RootUser\nFROM debian:12-slim',
    good: '# tare ignore=RootUser the process changes its user itself\nFROM debian:12-slim',
  },
  fixable: false,
  *check(file, { ruleIds }) {
    for (const { problem, range } of ignoreComments(file, ruleIds))
      if (problem !== undefined) yield { message: problem, range };
  },
};
