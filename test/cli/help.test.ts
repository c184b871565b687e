import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { COMMANDS } from '../../src/cli/table.ts';

async function helpOf(name: string, columns = 80): Promise<string> {
  const parsed = await parseCommandLine([...(name === '' ? [] : [name]), '--help'], { columns });
  if (parsed.kind !== 'text') throw new Error('no help');
  return parsed.text;
}

describe('the help', () => {
  it.each(['', ...COMMANDS.map((line) => line.name)])('of tare %s fits into 80 columns', async (name) => {
    for (const line of (await helpOf(name)).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each(COMMANDS.map((line) => line.name))('of tare %s has examples of it', async (name) => {
    const spec = await COMMANDS.find((line) => line.name === name)?.load();
    const text = await helpOf(name);
    for (const [example] of spec?.examples ?? []) {
      expect(text).toContain(`\n  ${example}\n`);
      const [own = ''] = example.split(' && ');
      const words = own.replace(/"[^"]*"/g, 'words').split(' ');
      expect(words.slice(0, 2)).toEqual(['tare', name]);
      expect(await parseCommandLine(words.slice(1), { columns: 80 })).toMatchObject({ kind: 'command' });
    }
  });

  it('says in one line each what the choices of --tightness mean', async () => {
    for (const name of ['build', 'shrink'])
      expect(await helpOf(name, 100)).toMatch(/\n +used: .+\n +reachable: .+\n +packages: .+\n/);
  });

  it.each([
    ['registry', 'serve: run a registry until'],
    ['index', 'create: make an index'],
    ['layers', 'a name in the store'],
  ])('says of tare %s what is missing, when its argument is', async (name, what) => {
    await expect(parseCommandLine([name], { columns: 80 })).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringContaining(what) as string,
    });
  });

  it('tells of a variable where its name does not follow from the flag', async () => {
    expect(await helpOf('observe')).toContain('TARE_OBSERVE_OUTPUT');
    expect(await helpOf('observe')).not.toContain('TARE_TIMEOUT');
  });
});
