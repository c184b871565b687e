import type { Rule } from '../../types.ts';

export const duplicateStageName: Rule = {
  id: 'DuplicateStageName',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'error',
  title: 'No two stages have the same name',
  why: 'A name stands for the last stage that has it: the other one can no longer be reached, which is rarely what was meant.',
  cure: 'give each stage a name of its own',
  example: {
    bad: 'FROM debian:12 AS tools\nFROM golang:1.24 AS tools',
    good: 'FROM debian:12 AS tools\nFROM golang:1.24 AS compiler',
  },
  fixable: false,
  *check({ warnings }) {
    for (const { message, range, rule } of warnings) if (rule === 'DuplicateStageName') yield { message, range };
  },
};
