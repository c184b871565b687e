import type { Rule } from '../../types.ts';

export const brokenExecForm: Rule = {
  id: 'BrokenExecForm',
  origin: 'tare',
  since: '2026.1',
  severity: 'error',
  title: 'What begins like a JSON array is one',
  why: 'Single quotes or a missing comma make a list no JSON: it is taken for the shell form without a word, and the shell looks for a program called `[node`.',
  cure: 'use double quotes around each word, and commas between them',
  example: { bad: "CMD ['node', 'server.js']", good: 'CMD ["node", "server.js"]' },
  fixable: false,
  *check({ warnings }) {
    for (const { range, rule } of warnings)
      if (rule === 'BrokenExecForm') yield { message: 'this looks like a JSON array of strings and is none', range };
  },
};
