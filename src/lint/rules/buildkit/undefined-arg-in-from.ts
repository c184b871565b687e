import type { Rule } from '../../types.ts';

export const undefinedArgInFrom: Rule = {
  id: 'UndefinedArgInFrom',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'FROM uses declared arguments only',
  why: 'A variable of a FROM line comes from an ARG before the first FROM. Without one it is empty, and the build fails or takes another image.',
  cure: 'declare it with ARG before the first FROM',
  example: { bad: 'FROM node:${NODE_TAG}', good: 'ARG NODE_TAG=20-slim\nFROM node:${NODE_TAG}' },
  fixable: false,
  *check(_file, { undefinedInFrom }) {
    for (const { name, near, range } of undefinedInFrom)
      yield {
        message: `no ARG before the first FROM declares ${name}`,
        range,
        ...(near === undefined ? {} : { cure: `did you mean $${near}?` }),
      };
  },
};
