import { describe, expect, it } from 'vitest';
import { yamlValue } from '../../src/base/yaml.ts';

describe('yamlValue', () => {
  it.each([
    ['a: 1', { a: 1 }],
    ['{"a": [1, null]}', { a: [1, null] }],
    ['{a: [1]}', { a: [1] }],
    ['', null],
  ])('reads %j', (text, value) => {
    expect(yamlValue(text)).toEqual({ value });
  });

  it.each([
    ['a: [', expect.any(String)],
    ['['.repeat(100_000), expect.any(String)],
    ['['.repeat(300) + ']'.repeat(300), 'nested deeper than 200'],
    [
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]',
      expect.stringContaining('alias'),
    ],
  ])('refuses %#', (text, problem) => {
    expect(yamlValue(text)).toEqual({ problem });
  });
});
