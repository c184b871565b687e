import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import {
  detectSyntax,
  isProxyArg,
  located,
  parseDockerfile,
  processHeredoc,
  processWord,
  processWords,
} from '../../../src/formats/dockerfile/index.ts';
import { EXPANSION, NOT_EXPANDED, VARIABLES, WITH_OPTIONS } from './corpus/expansion.ts';

describe('processWord', () => {
  it.each(EXPANSION)('expands %j', (word, text, words) => {
    expect(processWord(word, VARIABLES).text).toBe(text);
    expect(processWords(word, VARIABLES)).toEqual(words);
  });

  it.each(NOT_EXPANDED)('refuses %j', (word, message) => {
    expect(() => processWord(word, VARIABLES)).toThrow(expect.objectContaining({ code: 'E_DOCKERFILE', message }));
  });

  it.each(WITH_OPTIONS)('expands %j with %j', (word, options, text) => {
    expect(processWord(word, VARIABLES, options).text).toBe(text);
  });

  it('names the variables it met', () => {
    const { used, unmatched } = processWord('$A ${Z:-$Y} "${D%x}" \'$B\' \\$C', VARIABLES);
    expect([[...used], [...unmatched]]).toEqual([
      ['A', 'D'],
      ['Y', 'Z'],
    ]);
  });

  it('keeps what stands before a default when it splits', () => {
    expect(processWords('80${Z:-80} x', VARIABLES)).toEqual(['8080', 'x']);
  });

  it('gives an error the place of its word', () => {
    const file = parseDockerfile('FROM a\nUSER ${Z:?who}', { file: 'D' });
    const user = file.instructions[1];
    if (user?.kind !== 'USER') throw new Error('no USER');
    const { value, range } = user.user;
    expect(() => located(file, range, () => processWord(value, VARIABLES))).toThrow(
      expect.objectContaining({ message: 'D:2: USER ${Z:?who} : cannot expand ${Z:?who}: Z: who' }),
    );
    expect(() =>
      located(file, range, () => {
        throw new TareError('E_IO', 'x');
      }),
    ).toThrow('x');
  });
});

describe('processHeredoc', () => {
  it.each([
    ['<<E', 'a $A "q" \\$A it\'s\n', 'a foo "q" $A it\'s\n'],
    ["<<'E'", 'a $A\n', 'a $A\n'],
    ['<<-E', '\t$A\n\t\tb\tc\n', 'foo\nb\tc\n'],
  ])('gives the text of %s', (mark, content, expected) => {
    const [, copy] = parseDockerfile(`FROM a\nCOPY ${mark} /x\n${content}E`, { file: 'D' }).instructions;
    if (copy?.kind !== 'COPY' || copy.heredocs[0] === undefined) throw new Error('no heredoc');
    expect(processHeredoc(copy.heredocs[0], VARIABLES).text).toBe(expected);
  });
});

describe('detectSyntax', () => {
  it.each([
    ['# syntax=a/b:1 c', '#', 'a/b:1 c', 'a/b:1'],
    ['#!/x\n# syntax=a', '#', 'a', 'a'],
    ['\ufeff# check=x\n# syntax=a', '#', 'a', 'a'],
    ['// syntax=a\nrest', '//', 'a', 'a'],
    ['#!/x\n//syntax = a ', '//', 'a', 'a'],
    ['{"syntax": "a", "b": 1}', '{', 'a', 'a'],
  ])('finds the frontend of %j', (text, sign, value, reference) => {
    expect(detectSyntax(text, { file: 'D' })).toEqual({ sign, value, reference });
  });

  it.each(['', 'FROM a', '# c\n# syntax=a', '{"syntax": 1}', '{"syntax": ', '[]', '{}'])('finds none in %j', (text) => {
    expect(detectSyntax(text, { file: 'D' })).toBeUndefined();
  });
});

describe('isProxyArg', () => {
  it.each([
    ['HTTP_PROXY', true],
    ['no_proxy', true],
    ['All_Proxy', true],
    ['PROXY', false],
  ])('%s: %s', (name, expected) => {
    expect(isProxyArg(name)).toBe(expected);
  });
});
