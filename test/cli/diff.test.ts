import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageDiff } from '../../src/explain/diff/types.ts';
import { diff } from '../../src/index.ts';
import { openStore } from '../../src/store/index.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

/** A home with two images: npm packages, a file of each kind of change, another environment. */
async function twoImages(): Promise<string> {
  const home = tempDir();
  const store = await openStore({ home });
  const npm = (name: string, version: string, size: number): { path: string; content: string }[] => [
    { path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) },
    { path: `app/node_modules/${name}/index.js`, content: 'x'.repeat(size) },
  ];
  const base = [{ path: 'etc/os-release', content: 'ID=x' }];
  await makeImage({
    store,
    name: 'app:1',
    layers: [
      base,
      [...npm('left', '1.0.0', 1000), ...npm('gone', '2.0.0', 500), { path: 'run', content: 'a', mode: 0o644 }],
    ],
    config: {
      config: { Env: ['MODE=old', 'PASSWORD=hunter2'] },
      history: [{ created_by: 'ADD x' }, { created_by: 'COPY . .' }],
    },
  });
  await makeImage({
    store,
    name: 'app:2',
    layers: [
      base,
      [...npm('left', '1.1.0', 3000), ...npm('come', '1.0.0', 70), { path: 'run', content: 'a', mode: 0o755 }],
      [{ path: 'etc/os-release', content: 'ID=x', mtime: 5 }],
    ],
    config: { config: { Env: ['MODE=new\u001b[31m', 'PASSWORD=hunter3'] } },
  });
  return home;
}

describe('tare diff', () => {
  it('tells sums, packages, paths, settings and layers, without secrets and escape sequences', async () => {
    const home = await twoImages();
    const { code, stdout } = await tare(['diff', 'app:1', 'app:2'], { home });
    expect(code).toBe(0);
    expect(
      stdout
        .split('\n')
        .filter((line) => !/^ {2}(?:wire|layers)|^ {2}[-+] {2,}\d|made by$/.test(line))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "app:1 → app:2
        disk      1.6 kB → 3.1 kB, 50% larger (+1.6 kB)
        files     3 paths added (+103 B), 3 paths removed (-533 B), 3 paths changed (3.0 kB rewritten, +2.0 kB), 1 path with another time
        packages  1 added, 1 removed, 1 in another version
        settings  2 differ

           disk  before   after  package
        +2.0 kB  1.0 kB  3.0 kB  npm left 1.0.0 → 1.1.0
         -533 B   533 B          npm gone 2.0.0 removed
         +103 B           103 B  npm come 1.0.0 added

              disk  what              path
        ~  +2.0 kB  content           /app/node_modules/left/index.js
        -   -500 B                    /app/node_modules/gone/index.js
        +    +70 B                    /app/node_modules/come/index.js
        +    +33 B                    /app/node_modules/come/package.json
        -    -33 B                    /app/node_modules/gone/package.json
        ~           content           /app/node_modules/left/package.json
        +           directory         /app/node_modules/come
        -           directory         /app/node_modules/gone
        ~           mode 0644 → 0755  /run

        setting
        env MODE
          - old
          + new�[31m
        env PASSWORD
          - ***
          + ***

      "
    `);
    expect(stdout).not.toContain('hunter');
  });

  it('answers in JSON as the library does, and in the exit code only when asked to', async () => {
    const home = await twoImages();
    const answer = await tareJson<ImageDiff>(['diff', 'app:1', 'app:2'], { home });
    expectShape('diff', answer);
    expect(JSON.parse(JSON.stringify(await diff({ before: 'app:1', after: 'app:2', home })))).toEqual(answer);
    expect(answer.packages).toEqual({
      added: [{ manager: 'npm', name: 'come', version: '1.0.0', bytes: 103 }],
      removed: [{ manager: 'npm', name: 'gone', version: '2.0.0', bytes: 533 }],
      changed: [{ manager: 'npm', name: 'left', from: '1.0.0', to: '1.1.0', bytes: 2000 }],
    });
    expect(answer.packageSizes).toEqual([
      { manager: 'npm', name: 'left', before: 1033, after: 3033, delta: 2000 },
      { manager: 'npm', name: 'gone', before: 533, after: 0, delta: -533 },
      { manager: 'npm', name: 'come', before: 0, after: 103, delta: 103 },
    ]);
    expect((await tare(['diff', '--exit-code', 'app:1', 'app:2'], { home })).code).toBe(1);
    const same = await tare(['diff', '--exit-code', 'app:1', 'app:1'], { home });
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toContain('no difference');
  });

  it('compares folders and archives by their paths', async () => {
    const home = tempDir();
    const cwd = tempDir();
    for (const name of ['a', 'b']) {
      mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, name, 'x'), name);
    }
    const answer = await tare(['diff', './a', 'dir:b', '--semantic', '--exit-code'], { home, cwd });
    expect(answer.code).toBe(1);
    expect(answer.stdout).toMatch(/~ +content +\/x/);
  });

  it.each([
    [['diff', 'x'], 'E_USAGE'],
    [['diff', 'x', 'y', '--limit', '0.5'], 'E_USAGE'],
    [['diff', 'x', 'y'], 'E_IMAGE_NOT_FOUND'],
    [['diff', 'dir:/nothing/here', 'y'], 'E_PATH_NOT_FOUND'],
  ])('of %j: no', async (args, errorCode) => {
    const answer = await tare([...args, '--json'], { home: tempDir() });
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(answer.stderr)).toMatchObject({ error: { code: errorCode } });
  });
});
