import { describe, expect, it } from 'vitest';
import { checkRef, gitRemote } from '../../../src/solve/local/git-remote.ts';

describe('gitRemote', () => {
  it.each([
    ['git@github.com:a/b.git', { url: 'git@github.com:a/b.git', protocol: 'ssh', host: 'github.com' }],
    ['ssh://git@h.example:22/a/b', { url: 'ssh://git@h.example:22/a/b', protocol: 'ssh', host: 'h.example' }],
    ['ssh://git:word@h.example/a', { url: 'ssh://git@h.example/a', protocol: 'ssh' }],
    ['git://u:p@h.example/a', { url: 'git://h.example/a', protocol: 'git' }],
    [
      'http://h.example:81/a.git',
      { url: 'http://h.example:81/a.git', protocol: 'http', origin: 'http://h.example:81', host: 'h.example:81' },
    ],
    [
      'https://u:p%40@h.example/a.git',
      {
        url: 'https://h.example/a.git',
        protocol: 'https',
        origin: 'https://h.example',
        header: `Authorization: Basic ${Buffer.from('u:p@').toString('base64')}`,
      },
    ],
  ])('%s', (text, expected) => {
    expect(gitRemote(text)).toMatchObject(expected);
    expect(gitRemote(text).url).not.toContain('p%40');
  });

  it.each([
    '--upload-pack=touch /tmp/x',
    '-oProxyCommand=x@h.example:a',
    'git@-oProxyCommand=x:a',
    'git@h.example:-x',
    'ssh://-oProxyCommand=x/a',
    'ssh://-oProxyCommand=x@h.example/a',
    'ext::sh -c id',
    'file:///etc',
    '/etc',
    '../x',
    'h.example:a',
    '',
  ])('refuses %j', (text) => {
    expect(() => gitRemote(text)).toThrow(expect.objectContaining({ code: 'E_FETCH' }));
  });
});

describe('checkRef', () => {
  it.each(['', 'main', 'a/b', 'v1.2.3', 'refs/pull/1/head', 'a'.repeat(40), 'ä'])('takes %j', (ref) => {
    expect(() => checkRef(ref)).not.toThrow();
  });

  it.each([
    '-x',
    '--upload-pack=x',
    'a b',
    'a..b',
    'a:b',
    'a^',
    'a~1',
    'a*',
    'a?',
    'a[',
    'a\\',
    '@{u}',
    'a//b',
    '/a',
    'a/',
    'a.',
    'a.lock',
    'a\n',
    'x'.repeat(2000),
  ])('refuses %j', (ref) => {
    expect(() => checkRef(ref)).toThrow(expect.objectContaining({ code: 'E_FETCH' }));
  });
});
