import { describe, expect, it } from 'vitest';
import { lintDockerfile } from '../../src/lint/lint.ts';

const rulesIn = (text: string): string[] =>
  lintDockerfile(text).findings.map(({ range, rule }) => `${range.start.line} ${rule}`);
const CMD = 'JSONArgsRecommended';

describe('comments', () => {
  it.each<[string, string, readonly string[]]>([
    ['nothing', 'FROM a:1\nUSER 1\nCMD x', [`3 ${CMD}`]],
    ['an ignore with a reason', `FROM a:1\nUSER 1\n# tare ignore=${CMD} the shell is meant\nCMD x`, []],
    ['several rules', `# tare ignore=UnpinnedBase,RootUser a test\nFROM a`, []],
    ['all of them', `# tare ignore=all a test\nFROM a`, []],
    ['one of another instruction', `# tare ignore=${CMD} x\nFROM a:1\nUSER 1\nCMD x`, [`4 ${CMD}`]],
    [
      'one inside of an instruction',
      `FROM a:1\nUSER 1\nRUN a \\\n# tare ignore=AptListsKept tried\n && apt-get update`,
      [],
    ],
    ['one without a reason', `FROM a:1\nUSER 1\n# tare ignore=${CMD}\nCMD x`, ['3 IgnoreComment', `4 ${CMD}`]],
    ['one of no rule', `FROM a:1\nUSER 1\n# tare ignore=Jason because\nCMD x`, ['3 IgnoreComment', `4 ${CMD}`]],
    ['one that is not complete', `FROM a:1\nUSER 1\n# tare ignores\nCMD ["x"]`, ['3 IgnoreComment']],
    ['one that ignores nothing', `FROM a:1\nUSER 1\n# tare ignore=RootUser no`, ['3 IgnoreComment']],
    ['the check directive', `# check=skip=${CMD}\nFROM a:1\nUSER 1\nCMD x`, []],
    ['the check directive for all', `# check=skip=all\nFROM a\nUSER 1\nCMD x`, ['2 UnpinnedBase']],
    ['check above an instruction', `FROM a:1\nUSER 1\n# check=skip=${CMD}\nCMD x\n`, []],
    ['a check that cannot be read', `FROM a:1\nUSER 1\n# check=what\nCMD x\n`, [`4 ${CMD}`]],
    [
      'an experimental check',
      `FROM a:1\nUSER 1\n# check=experimental=all\n# about\nARG X`,
      ['4 InvalidDefinitionDescription'],
    ],
    [
      'experimental checks of the file',
      `# check=experimental=InvalidDefinitionDescription\nFROM a:1\nUSER 1\n# about\nARG X`,
      ['4 InvalidDefinitionDescription'],
    ],
  ])('%s', (_, text, expected) => {
    expect(rulesIn(text)).toEqual(expected);
  });

  it('error=true makes errors of what BuildKit finds', () => {
    const { findings } = lintDockerfile('# check=error=true\nFROM a\nUSER 1\nCMD x');
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([
      ['UnpinnedBase', 'warning'],
      [CMD, 'error'],
    ]);
  });

  it('a check directive that cannot be read is refused', () => {
    expect(() => lintDockerfile('# check=hide=x\nFROM a')).toThrow(expect.objectContaining({ code: 'E_DOCKERFILE' }));
  });

  it('settings win over the rule set, and findings are counted that comments silence', () => {
    const { findings, silenced } = lintDockerfile('# tare ignore=RootUser why\nFROM a', {
      rules: { UnpinnedBase: 'error' },
    });
    expect([findings.map(({ severity }) => severity), silenced]).toEqual([['error'], 1]);
    expect(lintDockerfile('FROM a', { rules: { UnpinnedBase: 'off', RootUser: 'off' } }).findings).toEqual([]);
    expect(lintDockerfile('FROM a\nADD . /', { severity: 'warning' }).findings.map(({ rule }) => rule)).toEqual([
      'RootUser',
      'UnpinnedBase',
    ]);
    expect(lintDockerfile('FROM a\nCMD x', { only: 'buildkit' }).findings.map(({ rule }) => rule)).toEqual([CMD]);
  });
});
