import { describe, expect, it } from 'vitest';
import { mergeEnvironment, nameOfFlag, variableOf } from '../../src/cli/options.ts';
import { assignments, parsePublish } from '../../src/cli/values.ts';

describe('NAME=value', () => {
  it('splits at the first equals sign, and asks the environment for bare names', () => {
    expect(assignments('--env', ['A=1=2', 'B=', 'C', 'D'], { C: 'see' })).toEqual({ A: '1=2', B: '', C: 'see' });
  });
  it.each(['', '=x', 'A=\0'])('refuses %j', (word) => {
    expect(() => assignments('--env', [word])).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});

describe('--publish', () => {
  it.each([
    ['8080', { host: 8080, container: 8080 }],
    ['80:8080', { host: 80, container: 8080 }],
    [':8080', { host: 0, container: 8080 }],
    ['0.0.0.0:80:8080', { host: 80, container: 8080, address: '0.0.0.0' }],
    ['[::1]:80:8080/tcp', { host: 80, container: 8080, address: '::1' }],
  ])('%s', (text, mapping) => {
    expect(parsePublish(text)).toEqual(mapping);
  });
  it.each(['', 'x', '1:2:3:4', '0', '70000', '80:70000', '1.2.3.4:80', '80/udp'])('refuses %j', (text) => {
    expect(() => parsePublish(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});

describe('flags and variables', () => {
  it('have one name each', () => {
    expect(nameOfFlag('-p, --publish <port>')).toBe('publish');
    expect(nameOfFlag('--no-verify')).toBe('verify');
    expect(variableOf({ flags: '--dry-run' })).toBe('TARE_DRY_RUN');
    expect(variableOf({ flags: '--no-color' })).toBe('TARE_COLOR');
  });

  const specs = [
    { flags: '--name <x>', description: '' },
    { flags: '--no-verify', description: '' },
    { flags: '--probe <x>', description: '', repeat: true },
    { flags: '--mode <x>', description: '', choices: ['a', 'b'] },
    { flags: '--timeout <s>', description: '' },
  ];
  it('the command line wins', () => {
    const env = { TARE_NAME: 'env', TARE_VERIFY: '0', TARE_PROBE: 'x,y', TARE_TIMEOUT: '1.5' };
    const options = mergeEnvironment(specs, { name: 'flag' }, env);
    expect(options.text('name')).toBe('flag');
    expect(options.maybeFlag('verify')).toBe(false);
    expect(options.list('probe')).toEqual(['x', 'y']);
    expect(options.number('timeout')).toBe(1.5);
    expect(options.maybeFlag('mode')).toBeUndefined();
  });
  it('refuses what is not allowed', () => {
    expect(() => mergeEnvironment(specs, {}, { TARE_MODE: 'c' })).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
    const options = mergeEnvironment(specs, { timeout: 'soon' }, {});
    expect(() => options.number('timeout')).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});
