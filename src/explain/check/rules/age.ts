import type { RuleSpec } from '../types.ts';
import { gathered, rule } from './rule.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The only rule whose answer changes with the day: the same image passes today and fails in a year. */
export const AGE: readonly RuleSpec[] = [
  rule({
    id: 'max-age',
    title: 'age of the base, in days',
    needs: ['findings', 'now'],
    setting: ({ maxAgeDays }) => maxAgeDays,
    check: (facts, limit) => {
      const { base, created, newest } = gathered(facts.findings).age;
      const known =
        base !== null
          ? { date: base.date, what: `the base, by ${base.from}` }
          : created !== null
            ? { date: created, what: 'the image, by its config' }
            : newest !== null
              ? { date: newest.date, what: `the newest part, ${newest.what}` }
              : undefined;
      if (known === undefined)
        return {
          ok: false,
          message: 'nothing in the image tells how old it is',
          unit: 'days',
          limit,
          actual: 'unknown',
        };
      const days = Math.max(0, Math.floor((gathered(facts.now) - Date.parse(known.date)) / DAY_MS));
      const ok = days <= limit;
      const day = known.date.slice(0, 10);
      return {
        ok,
        message: `${known.what}, is of ${day}: ${days} ${days === 1 ? 'day' : 'days'} old, ${ok ? 'of' : 'more than the'} ${limit} allowed`,
        unit: 'days',
        actual: days,
        limit,
      };
    },
  }),
];
