import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { duplicatesIn } from '../../src/explain/duplicates.ts';
import { extract } from '../../src/explain/extract.ts';
import { files, type FileRow } from '../../src/explain/files.ts';
import { fileTreeText } from '../../src/report/files.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { makeImage, type LayerContent } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

const LAYERS: readonly LayerContent[] = [
  [
    { path: 'app/' },
    { path: 'app/run', content: '#!/bin/sh', mode: 0o4755 },
    { path: 'app/link', type: 'symlink', link: '/etc/passwd' },
    { path: 'app/up', type: 'symlink', link: '../../../..' },
    { path: 'app/same', type: 'hardlink', link: 'app/run' },
    { path: 'app/other', type: 'hardlink', link: 'app/../outside' },
    { path: 'app/pipe', type: 'fifo' },
    { path: 'app/sub/copy', content: 'twice' },
    { path: 'app/sub/big', content: 'b'.repeat(2000) },
    { path: 'twice', content: 'twice' },
    { path: 'current', type: 'symlink', link: 'app' },
  ],
];
const WITH_OUTSIDE: readonly LayerContent[] = [[{ path: 'outside', content: 'outside' }], ...LAYERS];

async function surroundings() {
  const dir = tempDir();
  const store = await openStore({ home: join(dir, 'home') });
  const ctx = createContext({});
  await makeImage({ store, layers: WITH_OUTSIDE, name: 'x' });
  const image = await openImage('x', { store, ctx });
  const tools = { image, store, ctx };
  return { dir, tools, out: (path: string, target: string) => extract({ ...tools, path, target: join(dir, target) }) };
}

describe('extract', () => {
  it('copies a folder, through links on the way, with its links as they are', async () => {
    const { dir, out } = await surroundings();
    const done = await out('/current', 'to/app');
    expect(done).toMatchObject({ path: '/app', target: join(dir, 'to/app'), files: 7, bytes: 2021 });
    const at = (name: string): string => join(dir, 'to/app', name);
    expect(readdirSync(at('')).sort()).toEqual(['link', 'other', 'run', 'same', 'sub', 'up']);
    expect(readlinkSync(at('link'))).toBe('/etc/passwd');
    expect(statSync(at('run')).mode & 0o7777).toBe(0o755);
    expect(statSync(at('same')).ino).toBe(statSync(at('run')).ino);
    expect(readFileSync(at('other'), 'utf8')).toBe('outside');
    expect(readFileSync(at('sub/copy'), 'utf8')).toBe('twice');
  });

  it('copies a file, and replaces nothing', async () => {
    const { dir, out } = await surroundings();
    expect(await out('/app/run', 'run')).toMatchObject({ files: 1, bytes: 9 });
    expect(statSync(join(dir, 'run')).mode & 0o7777).toBe(0o755);
    await expect(out('/twice', 'run')).rejects.toMatchObject({ code: 'E_EXISTS' });
    symlinkSync(join(dir, 'victim'), join(dir, 'trap'));
    await expect(out('/twice', 'trap')).rejects.toMatchObject({ code: 'E_EXISTS' });
    expect(existsSync(join(dir, 'victim'))).toBe(false);
    mkdirSync(join(dir, 'full'));
    writeFileSync(join(dir, 'full/x'), '');
    await expect(out('/app', 'full')).rejects.toMatchObject({ code: 'E_EXISTS' });
    expect(readdirSync(join(dir, 'full'))).toEqual(['x']);
    await expect(out('/app/pipe', 'p')).rejects.toMatchObject({ code: 'E_NOT_FILE' });
    await expect(out('/none', 'n')).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    expect(() => lstatSync(join(dir, 'n'))).toThrow('ENOENT');
  });
});

describe('files', () => {
  it('sorts by size, names duplicates and draws trees', async () => {
    const { tools } = await surroundings();
    const rows = await files({ ...tools, sort: 'size' });
    expect(rows.slice(0, 2).map(({ path }) => path)).toEqual(['/app/sub/big', '/app/run']);
    expect(duplicatesIn(rows)).toEqual([
      { sha256: expect.any(String) as string, size: 5, count: 2, bytes: 5, paths: ['/app/sub/copy', '/twice'] },
    ]);
    const some = await files({ ...tools, glob: '/app/s*/**' });
    expect(fileTreeText(some)()).toBe(
      ['2.0 kB  /', '2.0 kB  └ app/', '2.0 kB    └ sub/', '2.0 kB      ├ big', '   5 B      └ copy'].join('\n'),
    );
  });

  it('lists what a package owns, and says when there is none of that name', async () => {
    const { tools } = await surroundings();
    const store = await openStore({ home: tempDir() });
    const json = (name: string): string => JSON.stringify({ name, version: '1.0.0' });
    await makeImage({
      store,
      name: 'p',
      layers: [
        [
          { path: 'a/node_modules/one/package.json', content: json('one') },
          { path: 'a/node_modules/one/i.js', content: '1' },
          { path: 'a/node_modules/two/package.json', content: json('two') },
        ],
      ],
    });
    const image = await openImage('p', { store, ctx: tools.ctx });
    const ask = async (name: string): Promise<readonly FileRow[]> =>
      files({ image, store, ctx: tools.ctx, package: name });
    const paths = (await ask('one')).map(({ path }) => path);
    expect(paths).toEqual(['/a/node_modules/one', '/a/node_modules/one/i.js', '/a/node_modules/one/package.json']);
    expect(await ask('npm one')).toHaveLength(3);
    await expect(ask('three')).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
