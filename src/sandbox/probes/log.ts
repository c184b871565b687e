import type { ProbeKind } from './types.ts';
import { regexOf } from './words.ts';

export const logProbe: ProbeKind<{ readonly log: { readonly match: string } }> = {
  name: ({ log }) => `log ${regexOf(log.match) === undefined ? JSON.stringify(log.match) : log.match}`,
  async attempt({ log }, { output }) {
    const pattern = regexOf(log.match);
    const text = output();
    const found = pattern === undefined ? text.includes(log.match) : pattern.test(text);
    return found ? { ok: true } : { ok: false, detail: `the output does not hold ${log.match}` };
  },
};
