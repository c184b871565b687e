import type { Rule } from '../../types.ts';
import { reworded } from '../mend.ts';

export const stageNameCasing: Rule = {
  id: 'StageNameCasing',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'The name of a stage is in lower case',
  why: 'Names of stages are compared without regard to case, so capital letters promise a difference that does not exist.',
  cure: 'write the name in lower case',
  example: { bad: 'FROM alpine:3.20 AS BuilderBase', good: 'FROM alpine:3.20 AS builder-base' },
  fixable: true,
  *check({ stages }) {
    for (const { from } of stages) {
      const { name } = from;
      const lower = name?.value.toLowerCase();
      if (name === undefined || lower === undefined || lower === name.value) continue;
      yield {
        message: `the stage ${name.value} has capital letters in its name`,
        range: name.range,
        cure: `write ${lower}`,
        ...reworded(name, lower),
      };
    }
  },
};
