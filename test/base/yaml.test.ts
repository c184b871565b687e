import { describe, expect, it } from 'vitest';
import { yamlValue } from '../../src/base/yaml.ts';

describe('yamlValue', () => {
  it('says where it stops being YAML', () => {
    expect(yamlValue('a: 1\nb: [\n')).toMatchObject({ at: ':3:1' });
    expect(yamlValue('a: 1\na: 2')).toEqual({ problem: 'Map keys must be unique', at: ':2:1' });
  });

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
    expect(yamlValue(text)).toEqual({ problem, at: expect.any(String) as string });
  });
});
