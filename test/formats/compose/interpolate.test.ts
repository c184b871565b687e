import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { interpolate } from '../../../src/formats/compose/interpolate.ts';

const ENV = { SET: 'value', EMPTY: '', NESTED: '${SET}', UNDEFINED: undefined, _x1: 'low' };

/** 12-interpolation.md: every form, set, empty and not set. */
const TABLE: readonly (readonly [string, string])[] = [
  ['', ''],
  ['plain', 'plain'],
  ['$SET', 'value'],
  ['${SET}', 'value'],
  ['a${SET}b$SET.c', 'avaluebvalue.c'],
  ['$_x1', 'low'],
  ['$EMPTY|$NONE|$UNDEFINED', '||'],
  ['${SET-x} ${EMPTY-x} ${NONE-x}', 'value  x'],
  ['${SET:-x} ${EMPTY:-x} ${NONE:-x}', 'value x x'],
  ['${SET+x} ${EMPTY+x} ${NONE+x}', 'x x '],
  ['${SET:+x} ${EMPTY:+x} ${NONE:+x}', 'x  '],
  ['${SET?no} ${EMPTY?no}', 'value '],
  ['${SET:?no}', 'value'],
  ['${NONE-}', ''],
  ['${NONE:-${SET}}', 'value'],
  ['${NONE:-a${EMPTY:-b${NONE-c}}d}', 'abcd'],
  ['${NONE:-$SET}', 'value'],
  ['${SET:+${NONE:-y}}', 'y'],
  ['${NONE:-a:b-c?d+e}', 'a:b-c?d+e'],
  ['${NONE:-http://h:80/?q=1}', 'http://h:80/?q=1'],
  ['$$SET $${SET} $$$SET', '$SET ${SET} $value'],
  ['${NONE:-$$}', '$'],
  // What a variable says is not read again.
  ['$NESTED', '${SET}'],
  ['}{', '}{'],
  // What is not taken is not asked for either.
  ['${SET:-${NONE:?never}}', 'value'],
  ['${NONE:+${NONE:?never}}', ''],
];

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['$', /a \$ must begin a variable/],
  ['$1', /must begin a variable/],
  ['${', /must begin a variable/],
  ['${}', /must begin a variable/],
  ['${SET', /not closed/],
  ['${SET:-x', /not closed/],
  ['${SET!}', /"!" is not expected after SET/],
  ['${SET:}', /":" is not expected after SET/],
  ['${-x}', /must begin a variable/],
  ['${NONE?}', /NONE is not set$/],
  ['${NONE?say why}', /NONE is not set: say why$/],
  ['${EMPTY:?}', /EMPTY is not set, or is empty$/],
  ['${NONE:?see ${SET}}', /NONE is not set, or is empty: see \$\{SET\}$/],
  ['${A:-'.repeat(30), /nested deeper/],
];

describe('interpolate', () => {
  it.each(TABLE)('%s → %s', (text, expected) => {
    expect(interpolate(text, ENV)).toBe(expected);
  });

  it.each(WRONG)('refuses %s', (text, message) => {
    const run = (): string => interpolate(text, ENV, { place: 'compose.yaml:3:5' });
    expect(run).toThrow(message);
    expect(run).toThrow(/^compose\.yaml:3:5: /);
    expect(run).toThrow(expect.objectContaining({ code: 'E_COMPOSE' }));
  });

  it('names variables that are not set and have no default, when they count', () => {
    const unset: string[] = [];
    interpolate('$A ${B} ${C-x} ${SET:+${D}} ${SET:-$E} ${NONE+$F}', ENV, { onUnset: (name) => unset.push(name) });
    expect(unset).toEqual(['A', 'B', 'D']);
  });

  it('does not take what every object has for a variable', () => {
    expect(interpolate('${constructor-a} ${__proto__-b} ${toString:-c}', {})).toBe('a b c');
  });

  it('ends with texts that grow', () => {
    expect(() => interpolate('$BIG'.repeat(100), { BIG: 'x'.repeat(100_000) })).toThrow(
      expect.objectContaining({ code: 'E_LIMIT' }),
    );
  });

  it('leaves texts without a dollar sign as they are, and doubles bring them back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(interpolate(text.replaceAll('$', '$$$$'), {})).toBe(text);
      }),
    );
  });

  it('never throws anything but its own error, and never tells a value', () => {
    const word = fc.constantFrom('$', '{', '}', ':', '-', '+', '?', 'A', 'B', 'x', ' ', '$$', '${A', '${B:-');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (parts) => {
        try {
          expect(typeof interpolate(parts.join(''), { A: 'hunter2' })).toBe('string');
        } catch (error) {
          expect(isTareError(error, 'E_COMPOSE')).toBe(true);
          expect(String(error)).not.toContain('hunter2');
        }
      }),
    );
  });
});
