import { describe, expect, it } from 'vitest';
import { fixDockerfile } from '../../src/lint/fix.ts';
import { RULES } from '../../src/lint/rules/index.ts';
import { findingsOf, fixedBy, wholeFile } from './ask.ts';

describe('the examples of the rules', () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s finds its bad one, and nothing in its good one',
    (id, rule) => {
      expect(findingsOf(rule.example.bad, id)).not.toEqual([]);
      expect(findingsOf(rule.example.good, id)).toEqual([]);
    },
  );

  it.each(RULES.filter(({ fixable }) => fixable).map((rule) => [rule.id, rule] as const))(
    '%s mends its bad one',
    (id, rule) => {
      const text = wholeFile(rule.example.bad);
      const fixed = fixedBy(text, id);
      expect(fixed).toBeDefined();
      expect(findingsOf(fixed ?? '', id)).toEqual([]);
      expect(fixedBy(fixed ?? '', id)).toBeUndefined();
    },
  );

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s is said in whole sentences',
    (_id, { cure, title, why }) => {
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(why).toMatch(/^\S.*\.$/s);
      expect(cure).toMatch(/^[a-z].*[^.]$/);
    },
  );

  it('a rule that never mends says so', () => {
    for (const { example, fixable, id } of RULES) {
      if (fixable) continue;
      const { fixed } = fixDockerfile(wholeFile(example.bad), { rules: {} });
      expect(fixed.filter(({ rule }) => rule === id)).toEqual([]);
    }
  });
});
