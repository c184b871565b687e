import type { Rule } from '../../types.ts';
import { reworded } from '../mend.ts';
import { casingOf } from './casing.ts';

export const consistentInstructionCasing: Rule = {
  id: 'ConsistentInstructionCasing',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'All instructions are written in the same case',
  why: 'Instructions may be in any case; a file in which they change from line to line is harder to read and to search.',
  cure: 'write all instructions as most of them are written',
  example: {
    bad: 'FROM alpine:3.20\nrun apk add --no-cache curl\nUSER 65532',
    good: 'FROM alpine:3.20\nRUN apk add --no-cache curl\nUSER 65532',
  },
  fixable: true,
  *check({ stages }) {
    const words = stages.flatMap(({ from, instructions }) => [from, ...instructions].map(({ keyword }) => keyword));
    const casings = words.map(({ value }) => casingOf(value));
    const count = (wanted: string): number => casings.filter((casing) => casing === wanted).length;
    const lower = count('lower') > count('upper');
    for (const word of words) {
      const wanted = lower ? word.value.toLowerCase() : word.value.toUpperCase();
      if (wanted === word.value) continue;
      yield {
        message: `${word.value} is not in ${lower ? 'lower' : 'upper'} case, as most instructions of this file are`,
        range: word.range,
        cure: `write ${wanted}`,
        ...reworded(word, wanted),
      };
    }
  },
};
