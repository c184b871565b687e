import { globs } from '../globs.ts';
import type { RuleSpec } from '../types.ts';
import { rule } from './rule.ts';

/** One result for each label: `NAME`, or `NAME=GLOB`. Values are not shown: they may be anything. */
export const LABELS: readonly RuleSpec[] = [
  rule({
    id: 'labels.require',
    title: 'labels that have to be there',
    key: ['labels', 'require'],
    setting: ({ labels }) => labels?.require,
    check: (facts, wanted) =>
      wanted.map((text) => {
        const cut = text.indexOf('=');
        const name = cut === -1 ? text : text.slice(0, cut);
        const labels = facts.config.Labels ?? {};
        const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
        const isThere = value !== undefined && value !== null && value !== '';
        const ok = isThere && (cut === -1 || globs([text.slice(cut + 1)])(value));
        const actual = isThere ? (ok ? 'set' : 'another value') : 'not set';
        const message = ok
          ? `the label ${name} is set`
          : `the label ${name} ${isThere ? 'has another value' : 'is not set'}`;
        return { name: text, ok, message, unit: 'text', actual, limit: 'set' };
      }),
  }),
];
