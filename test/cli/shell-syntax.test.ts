import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuoted, shellSyntax } from '../../src/cli/shell-syntax.ts';
import { splitCommand } from '../../src/base/split-command.ts';
import { tare } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp.ts';

describe('shellSyntax', () => {
  it.each([
    ['npm ci && npm test', '&&'],
    ['a || b', '||'],
    ['curl x | grep y', '|'],
    ['echo a > out', '>'],
    ['echo a >out', '>'],
    ['make test 2>&1', '2>&1'],
    ['cat < in', '<'],
    ['a; b', ';'],
    ['server &', '&'],
    ['curl $TARE_URL/status', '$TARE_URL'],
    ['curl "${TARE_URL}/status"', '${TARE_URL}'],
    ['echo $(date)', '$('],
    ['echo `date`', '`'],
    ['CI=1 npm test', 'CI='],
  ])('%j has %j', (text, syntax) => {
    expect(shellSyntax(text)).toBe(syntax);
  });

  it.each([
    'npm test',
    'pytest -k "a and b"',
    "sh -c 'a && b | c > $X'",
    'sh -c "a && b"',
    'bash -lc "curl $TARE_URL/status > out"',
    'node -e "console.log(`${1}`)"',
    'curl http://localhost/?a=1&b=2',
    'node -e "1 > 2"',
    'grep a|b file',
    'echo \\$X',
    'price 5$',
    'npm test -- --grep=x',
  ])('%j has none', (text) => {
    expect(shellSyntax(text)).toBeUndefined();
  });
});

describe('shellQuoted', () => {
  it.each(['a && b', 'curl "$TARE_URL/x" | grep \'a b\'', 'echo `date` \\\\ \\"'])(
    '%j: a shell and tare read the cure alike',
    (text) => {
      const cure = shellQuoted(`sh -c ${shellQuoted(text, '"')}`, "'");
      // What the caller's shell makes of it, then what tare makes of that.
      const given = execFileSync('sh', ['-c', `printf %s ${cure}`], { encoding: 'utf8' });
      expect(splitCommand(given)).toEqual(['sh', '-c', text]);
      expect(shellSyntax(given)).toBeUndefined();
    },
  );
});

it.each([
  ['shrink', '--run'],
  ['shrink', '--exec'],
  ['observe', '--run'],
])('tare %s %s says that no shell reads it, and how to have one', async (command, flag) => {
  const more = command === 'observe' ? ['-o', 'x.json'] : [];
  const answer = await tare([command, 'none-such', ...more, flag, 'npm ci && npm test'], {
    home: tempDir(),
    cwd: tempDir(),
  });
  expect(answer.code).toBe(2);
  expect(answer.stderr).toContain(`${flag} 'sh -c "npm ci && npm test"'`);
});
