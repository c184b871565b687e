import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tare, type Answer } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const cwd = tempDir();
  for (const [name, text] of Object.entries({ 'app/.keep': '', ...files })) {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
}

const refused = async (args: readonly string[], cwd: string): Promise<Answer> => {
  const answer = await tare(args, { home: tempDir(), cwd });
  expect(answer).toMatchObject({ stdout: '', code: 2 });
  return answer;
};

describe('tare build of a folder with a Dockerfile, without -f', () => {
  it.each<readonly [args: readonly string[], code: string, cure: string]>([
    [['build', 'app'], 'E_NO_ENTRY', '`tare build -f app/Dockerfile app`'],
    [['build', '-t', 'x:1', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app -t x:1`'],
    [['build', '--shrink', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app --shrink`'],
    [['build', '--build-arg', 'A=1', 'app'], 'E_USAGE', '`tare build -f app/Dockerfile app`'],
  ])('%j', async (args, code, cure) => {
    const { stderr } = await refused(args, folder({ 'app/Dockerfile': 'FROM scratch\n' }));
    expect(stderr).toContain(code);
    expect(stderr).toContain(cure);
  });

  it('quotes a folder whose name a shell would take apart', async () => {
    const { stderr } = await refused(['build', 'my app'], folder({ 'my app/Dockerfile': 'FROM scratch\n' }));
    expect(stderr).toContain("`tare build -f 'my app/Dockerfile' 'my app'`");
  });

  it('of a folder without one tells the flag that names its image', async () => {
    const { stderr } = await refused(['build', '-t', 'x', 'app'], folder({}));
    expect(stderr).toContain('`-n x`');
    expect(stderr).toContain('`tare build -f FILE app`');
  });
});
