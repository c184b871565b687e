import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  matchPath,
  parseDockerfile,
  parseDuration,
  parsePorts,
  resolveMount,
  validPattern,
  type Mount,
} from '../../../src/formats/dockerfile/index.ts';

describe('parseDuration', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['30s', 30e9],
    ['1m30s', 90e9],
    ['1h0m0.5s', 3600.5e9],
    ['.5ms', 500_000],
    ['1.s', 1e9],
    ['-1.5h', -5400e9],
    ['+2us', 2000],
    ['2µs', 2000],
    ['2μs', 2000],
    ['7ns', 7],
    ['0.3ns', 0],
    ['1s1s', 2e9],
    ['5000h', 18e15],
    ['', undefined],
    ['-', undefined],
    ['30', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['1 s', undefined],
    ['1d', undefined],
    ['1x5s', undefined],
    ['9223372036854775808ns', undefined],
    ['2562048h', undefined],
  ])('reads %j as %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each<[number, string]>([
    [0, '0s'],
    [7, '7ns'],
    [1500, '1.5µs'],
    [20e6, '20ms'],
    [1.5e9, '1.5s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [-5400e9, '-1h30m0s'],
  ])('prints %d as %s', (value, expected) => {
    expect(formatDuration(value)).toBe(expected);
  });
});

describe('matchPath', () => {
  it.each<[string, string, boolean]>([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*', 'a/b', false],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[^b-d]', 'abc', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a[ä-ü]', 'aö', true],
    ['[😀]', '😀', true],
    ['?', '/', false],
    ['a?b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[x\\-]', '-', true],
    ['', '', true],
    ['', 'a', false],
    ['**', 'ab', true],
    ['[^^]', 'a', true],
  ])('%j and %j: %s', (pattern, name, expected) => {
    expect(matchPath(pattern, name)).toBe(expected);
    expect(validPattern(pattern)).toBe(true);
  });

  it.each(['[', '[]', '[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[^', '[^bc', 'a[', '\\', 'a\\'])(
    'refuses %j',
    (pattern) => {
      expect(validPattern(pattern)).toBe(false);
      expect(() => matchPath(pattern, 'a')).toThrow(expect.objectContaining({ code: 'E_DOCKERFILE' }));
    },
  );

  it('does not see a fault behind a part that does not match', () => {
    expect(matchPath('b*[', 'a')).toBe(false);
  });
});

describe('parsePorts', () => {
  it.each<[string, string[]]>([
    ['80', ['80/tcp']],
    ['80/UDP', ['80/udp']],
    ['80/', ['80/tcp']],
    ['8000-8002/sctp', ['8000/sctp', '8001/sctp', '8002/sctp']],
    ['80-80', ['80/tcp']],
    ['8080:80', ['80/tcp']],
    ['9000-9001:80-81', ['80/tcp', '81/tcp']],
    ['9000-9005:80', ['80/tcp']],
    ['127.0.0.1:1:80', ['80/tcp']],
    ['[::1]:1:80/udp', ['80/udp']],
    ['::ffff:1.2.3.4:1:80', ['80/tcp']],
    ['0', ['0/tcp']],
  ])('reads %s', (word, expected) => {
    expect(parsePorts([word])).toEqual(expected);
  });

  it.each([
    '',
    'x',
    '/tcp',
    '80/x',
    '65536',
    '-1',
    '82-80',
    '1.2.3:1:80',
    'x:80',
    '256.1.1.1:1:80',
    '01.2.3.4:1:80',
    '[x]:1:80',
    '[1.2.3.4:1:80',
    '1-2:80-82',
    '80-',
    '1e3',
    'fe80::1%a:1:2',
  ])('refuses %j', (word) => {
    expect(() => parsePorts([word])).toThrow(expect.objectContaining({ code: 'E_DOCKERFILE' }));
  });

  it('keeps the order of the words, and has a limit', () => {
    expect(parsePorts(['443', '80/udp', '443'])).toEqual(['443/tcp', '80/udp', '443/tcp']);
    expect(() => parsePorts(Array.from({ length: 4 }, () => '0-65535'))).toThrow(
      expect.objectContaining({ code: 'E_LIMIT' }),
    );
  });
});

function mountOf(text: string, variables: Readonly<Record<string, string>> = {}): Mount {
  const file = parseDockerfile(`FROM a\nRUN --mount=${text} x`, { file: 'D' });
  const run = file.instructions[1];
  if (run?.kind !== 'RUN' || run.mounts[0] === undefined) throw new Error('no mount');
  return resolveMount(file, run.mounts[0], (word) =>
    word.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? ''),
  );
}

describe('resolveMount', () => {
  const defaults = { sharing: 'shared', required: false, size: 0 };
  it.each<[string, Partial<Mount>]>([
    ['target=/x', { type: 'bind', target: '/x', readOnly: true }],
    ['target=/x,rw', { type: 'bind', target: '/x', readOnly: false }],
    ['target=/x,ro=false', { type: 'bind', target: '/x', readOnly: false }],
    ['from=b,src=/s,dst=/x', { type: 'bind', from: 'b', source: '/s', target: '/x', readOnly: true }],
    ['type=cache,target=/x', { type: 'cache', target: '/x', readOnly: false }],
    [
      'type=cache,target=/x,id=a,sharing=LOCKED,ro',
      { type: 'cache', target: '/x', id: 'a', sharing: 'locked', readOnly: true },
    ],
    [
      'type=cache,target=/x,mode=0700,uid=1,gid=2',
      { type: 'cache', target: '/x', mode: 0o700, uid: 1, gid: 2, readOnly: false },
    ],
    ['type=tmpfs,target=/x,size=1.5m', { type: 'tmpfs', target: '/x', size: 1_572_864, readOnly: false }],
    ['type=secret,id=a', { type: 'secret', id: 'a', readOnly: true }],
    ['type=secret,source=a,required', { type: 'secret', id: 'a', source: 'a', required: true, readOnly: true }],
    ['type=secret,target=/x/y', { type: 'secret', id: 'y', target: '/x/y', readOnly: true }],
    ['type=secret,id=a,env=A', { type: 'secret', id: 'a', env: 'A', readOnly: true }],
    ['type=ssh', { type: 'ssh', id: 'default', readOnly: true }],
    ['type=ssh,id=k,required=false', { type: 'ssh', id: 'k', readOnly: true }],
  ])('reads %s', (text, expected) => {
    expect(mountOf(text)).toEqual({ ...defaults, ...expected });
  });

  it('replaces variables, and checks what they say', () => {
    expect(mountOf('type=$T,target=/x', { T: 'tmpfs' }).type).toBe('tmpfs');
    expect(() => mountOf('type=$T,target=/x', { T: 'y' })).toThrow(
      expect.objectContaining({
        code: 'E_DOCKERFILE',
        message: 'D:2: RUN --mount=type=$T,target=/x x : there is no mount type y',
      }),
    );
  });
});
