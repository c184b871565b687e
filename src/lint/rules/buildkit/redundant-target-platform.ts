import { expansion } from '../../facts/expansion.ts';
import type { Rule } from '../../types.ts';
import { fix } from '../mend.ts';

/** Nothing that a file would hold. */
const PLATFORM_VALUE = '\u0001platform';

export const redundantTargetPlatform: Rule = {
  id: 'RedundantTargetPlatform',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'FROM does not ask for the target platform',
  why: 'The platform that is built for is what FROM takes anyway; the flag makes a reader look for a reason.',
  cure: 'remove the flag',
  example: { bad: 'FROM --platform=$TARGETPLATFORM alpine:3.20', good: 'FROM alpine:3.20' },
  fixable: true,
  *check({ escape, stages, text }) {
    for (const { from } of stages) {
      const flag = from.flags.find(({ name }) => name === 'platform');
      if (flag === undefined) continue;
      const variables = new Map([['TARGETPLATFORM', PLATFORM_VALUE]]);
      const { text: value, unmatched, used } = expansion(flag.value, variables, { escape });
      if (used.size !== 1 || unmatched.size > 0 || value !== PLATFORM_VALUE) continue;
      const after = /^[\t ]*/.exec(text.slice(flag.range.end.offset, from.image.range.start.offset))?.[0] ?? '';
      yield {
        message: `${flag.raw} is what FROM does by itself`,
        range: flag.range,
        ...fix({ start: flag.range.start.offset, end: flag.range.end.offset + after.length, text: '' }),
      };
    }
  },
};
