import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingFrom, structureDifference } from '../../../src/sandbox/probes/json-difference.ts';

describe('missingFrom', () => {
  it.each([
    [{ status: 'OK' }, { status: 'OK', pid: 1 }, undefined],
    [{ status: 'OK' }, { status: 'DOWN' }, '$.status: expected "OK", got "DOWN"'],
    [{ a: { b: 1 } }, { a: {} }, '$.a.b: expected 1, but it is missing'],
    [{ 'a b': 1 }, { 'a b': 2 }, '$["a b"]: expected 1, got 2'],
    [{ a: null }, { a: null }, undefined],
    [[1, 2], [1, 2], undefined],
    [[1, 2], [1], '$: expected 2 elements, got 1'],
    [[{ a: 1 }], [{ a: 1, b: 2 }], '$[0]: expected {"a":1}, got {"a":1,"b":2}'],
    [{ a: 1 }, [], '$: expected an object, got []'],
    [[1], { 0: 1 }, '$: expected a list, got {"0":1}'],
    [1, '1', '$: expected 1, got "1"'],
    [{ toString: 1 }, {}, '$.toString: expected 1, but it is missing'],
  ])('%j in %j', (expected, actual, difference) => {
    expect(missingFrom(expected, actual)).toBe(difference);
  });

  it('finds every value in itself', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => missingFrom(value, value) === undefined));
  });

  it('gives up on absurd depth', () => {
    let deep: unknown = 1;
    for (let index = 0; index < 10_000; index++) deep = { a: deep };
    expect(missingFrom(deep, deep)).toContain('nested deeper');
    expect(structureDifference(deep, deep)).toBeUndefined();
  });
});

describe('structureDifference', () => {
  it.each([
    [{ a: 1, at: 'x' }, { a: 2, at: 'y' }, undefined],
    [{ a: 1 }, { a: '1' }, '$.a: the original has a number, this has a text'],
    [{ a: 1 }, {}, '$.a: only the original has it'],
    [{}, { a: 1 }, '$.a: the original does not have it'],
    [{ list: [{ a: 1 }] }, { list: [{ b: 1 }] }, '$.list[0].a: only the original has it'],
    [[1], [], '$: the original has 1 elements, this has 0'],
    [{}, undefined, '$: the original has an object, this has nothing'],
    [null, {}, '$: the original has null, this has an object'],
  ])('%j and %j', (original, actual, difference) => {
    expect(structureDifference(original, actual)).toBe(difference);
  });
});
