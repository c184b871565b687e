import type { Rule } from '../../types.ts';

export const undefinedVar: Rule = {
  id: 'UndefinedVar',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'Variables are set before they are used',
  why: 'A variable that nothing has set is empty: a path loses its middle, a value its meaning. Arguments before the first FROM have to be declared again in each stage that uses them.',
  cure: 'set it with ENV or declare it with ARG above, in the same stage',
  example: { bad: 'FROM alpine:3.20\nCOPY $foo /app/', good: 'FROM alpine:3.20\nARG foo=src\nCOPY $foo /app/' },
  fixable: false,
  *check(_file, { undefinedVariables }) {
    for (const { name, near, range } of undefinedVariables)
      yield {
        message: `nothing sets $${name} before it is used`,
        range,
        ...(near === undefined ? {} : { cure: `did you mean $${near}?` }),
      };
  },
};
