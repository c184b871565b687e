import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildResult } from '../../src/build/types.ts';
import { cleanEnvironment, execute, MAIN, tare, tareJson } from '../helpers/cli.ts';
import { exampleCopy, exampleDir } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

/** Copies so that the folder's own order of entries is another one. */
function copyShuffled(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from).sort((a, b) =>
    a.split('').reverse().join('') < b.split('').reverse().join('') ? 1 : -1,
  );
  for (const name of names) {
    const source = join(from, name);
    if (statSync(source).isDirectory()) copyShuffled(source, join(to, name));
    else cpSync(source, join(to, name));
  }
}

describe('the same digest', () => {
  it.skipIf(!needs('npm'))('in two folders, under two umasks, in another order of entries', async () => {
    const example = exampleDir('node-express');
    const home = tempDir();
    const first = await tareJson<BuildResult>(['build', example, '--no-verify'], { home });
    const shuffled = join(tempDir(), 'somewhere', 'else');
    copyShuffled(example, shuffled);
    const script = `umask 077; cp -R "$1" "$2"; exec "$3" "$4" build "$2" --no-verify --json --name node-express`;
    const other = await execute(
      'sh',
      ['-c', script, 'sh', shuffled, join(tempDir(), 'third'), process.execPath, MAIN],
      {
        env: { ...cleanEnvironment(), TARE_HOME: tempDir(), TZ: 'Asia/Tokyo', LANG: 'C' },
      },
    );
    expect(other.stderr).toBe('');
    expect((JSON.parse(other.stdout) as BuildResult).digest).toBe(first.digest);
  });

  it.skipIf(!needs('npx'))(
    'on Node 20 and on Node 24',
    async () => {
      const home = tempDir();
      const dir = exampleDir('node-status');
      const here = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
      const there = await tare(['build', dir, '--no-verify', '--json'], {
        home: tempDir(),
        node: [
          'npx',
          '-y',
          '-p',
          'node@24',
          'node',
          // The application keeps the Node of PATH: only the Node that tare runs on changes.
          '--eval',
          `process.env.PATH = process.env.OUTER_PATH; if (!process.version.startsWith('v24')) throw new Error(process.version); await import(${JSON.stringify(MAIN)})`,
        ],
        env: { OUTER_PATH: process.env['PATH'] ?? '' },
      });
      expect(there.code, there.stderr).toBe(0);
      expect((JSON.parse(there.stdout) as BuildResult).digest).toBe(here.digest);
      // npx may have to fetch that Node first.
    },
    300_000,
  );

  it('of all layers but one, when one line of the application changes', async () => {
    const home = seededHome();
    const dir = exampleCopy('node-status');
    const before = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    appendFileSync(join(dir, 'server.js'), '\n// one more line\n');
    const after = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    const known = new Set(before.layers.map((layer) => layer.digest));
    expect(after.unchanged).toBe(false);
    expect(after.layers.filter((layer) => !known.has(layer.digest)).map((layer) => layer.group)).toEqual([
      'application',
    ]);
  });

  it('SOURCE_DATE_EPOCH is the time of everything', async () => {
    const home = seededHome();
    const dir = exampleDir('node-status');
    const zero = await tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    const later = await tareJson<BuildResult>(['build', dir, '--no-verify'], {
      home,
      env: { SOURCE_DATE_EPOCH: '1700000000' },
    });
    expect(later.digest).not.toBe(zero.digest);
    const inspected = await tareJson<{ created: string }>(['inspect', 'node-status'], { home });
    expect(inspected.created).toBe('2023-11-14T22:13:20Z');
  });
});

describe('a build that was done already', () => {
  it('takes the last result, until something that it looked at changes', async () => {
    const home = seededHome();
    const dir = exampleCopy('node-status');
    const build = (): Promise<BuildResult> => tareJson<BuildResult>(['build', dir, '--no-verify'], { home });
    const first = await build();
    const again = await build();
    expect(again).toMatchObject({ unchanged: true, digest: first.digest, reference: first.reference });
    writeFileSync(join(dir, 'more.js'), '1\n');
    const grown = await build();
    expect(grown.unchanged).toBe(false);
    expect(grown.digest).not.toBe(first.digest);
  });
});

describe('what a store remembers', () => {
  it('does not change the result', { timeout: 120_000 }, async () => {
    const dir = exampleCopy('node-status');
    const home = seededHome();
    const build = (where: string): Promise<BuildResult> =>
      tareJson<BuildResult>(['build', dir, '--no-verify'], { home: where });
    await build(home);
    appendFileSync(join(dir, 'server.js'), "\nrequire('node:dns').lookup('localhost', () => undefined);\n");
    const warm = await build(home);
    expect(warm.unchanged).toBe(false);
    expect((await build(tempDir())).digest).toBe(warm.digest);
  });
});
