import type { Rule } from '../../types.ts';
import { reworded } from '../mend.ts';
import { casingOf } from './casing.ts';

export const fromAsCasing: Rule = {
  id: 'FromAsCasing',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'FROM and AS are written in the same case',
  why: 'Two keywords of one line that are cased differently make the line harder to read.',
  cure: 'write AS in the case of FROM',
  example: { bad: 'FROM debian:12 as builder', good: 'FROM debian:12 AS builder' },
  fixable: true,
  *check({ stages }) {
    for (const { from } of stages) {
      const casing = casingOf(from.keyword.value);
      if (from.as === undefined || casing === 'mixed') continue;
      const wanted = casing === 'lower' ? from.as.value.toLowerCase() : from.as.value.toUpperCase();
      if (wanted === from.as.value) continue;
      yield {
        message: `${from.as.value} is not in the case of ${from.keyword.value}`,
        range: from.as.range,
        cure: `write ${wanted}`,
        ...reworded(from.as, wanted),
      };
    }
  },
};
