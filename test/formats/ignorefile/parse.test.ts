import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { ignoreRules, parseIgnoreFile } from '../../../src/formats/ignorefile/index.ts';

const FILE = '.dockerignore';

/** `LINE PATTERN`, of an exception `LINE !PATTERN`. */
function read(text: string): string[] {
  return parseIgnoreFile(text, { file: FILE }).map(
    ({ exception, line, pattern }) => `${line} ${exception ? '!' : ''}${pattern}`,
  );
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isTareError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('parseIgnoreFile', () => {
  it.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['blank lines', '\n \n\t\r\n\n', []],
    ['comments', '# one\na\n#two\nb', ['2 a', '4 b']],
    ['a comment that is none, since it does not begin the line', ' # one', ['1 # one']],
    ['a hash further on', 'a#b', ['1 a#b']],
    ['an escaped hash', '\\#a', ['1 \\#a']],
    ['a byte order mark', '\ufeffnode_modules\n', ['1 node_modules']],
    ['a byte order mark before a comment', '\ufeff# x\na', ['2 a']],
    ['CRLF', 'a\r\nb\r\n', ['1 a', '2 b']],
    ['white space around', '  a b \t\n\u00a0c\u2003\n\u0085d', ['1 a b', '2 c', '3 d']],
    ['a leading slash', '/a/b\n//c', ['1 a/b', '2 c']],
    ['a trailing slash', 'a/b/', ['1 a/b']],
    ['dots', './a/./b\na/../c\n../d\n.', ['1 a/b', '2 c', '3 ../d', '4 .']],
    ['dots above the root', '/../a', ['1 a']],
    ['a slash alone', '/', ['1 /']],
    ['exceptions', '!a\n! /b/\n!./c', ['1 !a', '2 !b', '3 !c']],
    ['two marks', '!!a', ['1 !!a']],
    ['an escaped mark', '\\!a', ['1 \\!a']],
    ['a mark behind a slash', '/!a', ['1 !a']],
    ['double stars', '**\na/**/\n**/', ['1 **', '2 a/**', '3 **']],
  ])('reads %s', (_name, text, expected) => expect(read(text)).toEqual(expected));

  it('keeps what was written, and where', () => {
    expect(parseIgnoreFile('\n  ! /docs/ \n', { file: 'app.dockerignore' })).toEqual([
      { file: 'app.dockerignore', line: 2, text: '! /docs/', pattern: 'docs', exception: true },
    ]);
  });

  it.each<[string, string]>([
    ['a\n!', 'E_IGNORE_FILE .dockerignore:2: the pattern "!" is not valid: nothing follows the `!`'],
    ['! ', 'E_IGNORE_FILE .dockerignore:1: the pattern "!" is not valid: nothing follows the `!`'],
    ['!/', 'E_IGNORE_FILE .dockerignore:1: the pattern "!/" is not valid: nothing follows the `!`'],
    ['[', 'E_IGNORE_FILE .dockerignore:1: the pattern "[" is not valid: the bracket `[` is not closed'],
    ['[^', 'E_IGNORE_FILE .dockerignore:1: the pattern "[^" is not valid: the bracket `[` is not closed'],
    ['a[bc', 'E_IGNORE_FILE .dockerignore:1: the pattern "a[bc" is not valid: the bracket `[` is not closed'],
    ['[a-', 'E_IGNORE_FILE .dockerignore:1: the pattern "[a-" is not valid: the bracket `[` is not closed'],
    ['[a\\', 'E_IGNORE_FILE .dockerignore:1: the pattern "[a\\\\" is not valid: the bracket `[` is not closed'],
    [
      'a\\',
      'E_IGNORE_FILE .dockerignore:1: the pattern "a\\\\" is not valid: nothing follows the backslash at its end',
    ],
  ])('refuses %j', (text, message) => expect(failure(() => read(text))).toBe(message));

  it.each(['[]a]', '[]', '[^]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[z-a]', '!a[', '*[x', 'a/[b'])(
    'refuses %j, with the place',
    (text) => expect(failure(() => read(`ok\n${text}`))).toMatch(/^E_IGNORE_FILE \.dockerignore:2: /),
  );

  it('has limits', () => {
    expect(failure(() => read('a'.repeat(5000)))).toMatch(/^E_IGNORE_FILE .*longer than 4096/);
    expect(failure(() => read('a\n'.repeat(10_001)))).toMatch(/^E_LIMIT .*10000 patterns/);
    expect(failure(() => read('#'.repeat(5_000_000)))).toMatch(/^E_LIMIT /);
  });
});

describe('ignoreRules', () => {
  it('takes patterns that stand by themselves', () => {
    const rules = ignoreRules(['  *.md ', '', './a/', '!b'], { file: 'Dockerfile', line: 7 });
    expect(rules.map(({ exception, line, pattern }) => [line, pattern, exception])).toEqual([
      [7, '*.md', false],
      [7, 'a', false],
      [7, 'b', true],
    ]);
  });

  it('says which one is bad', () => {
    expect(failure(() => ignoreRules(['a', '['], { file: 'Dockerfile' }))).toMatch(/^E_IGNORE_FILE Dockerfile:2: /);
  });
});
