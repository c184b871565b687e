import type { Rule } from '../../types.ts';

const RESERVED = ['context', 'scratch'];

export const reservedStageName: Rule = {
  id: 'ReservedStageName',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'error',
  title: 'No stage is called scratch or context',
  why: 'The words scratch and context already mean something, the empty image and the build context, so a stage of that name cannot be told from them.',
  cure: 'give the stage another name',
  example: { bad: 'FROM alpine:3.20 AS scratch', good: 'FROM alpine:3.20 AS base' },
  fixable: false,
  *check({ stages }) {
    for (const { from, name } of stages)
      if (name !== undefined && RESERVED.includes(name) && from.name !== undefined)
        yield { message: `${name} is a reserved word and cannot be the name of a stage`, range: from.name.range };
  },
};
