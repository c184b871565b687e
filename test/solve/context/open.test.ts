import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { pathOfText, ROOT, type TreePath } from '../../../src/base/path.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOfAll, open, writeFiles } from './helpers.ts';

const isRoot = process.getuid?.() === 0;

describe('the tree of a context', () => {
  it('holds what is in the folder, as root', async () => {
    const dir = tempDir();
    writeFiles(dir, { 'a/b.txt': 'hello', c: '' });
    chmodSync(join(dir, 'c'), 0o4755);
    symlinkSync('../../outside', join(dir, 'a/link'));
    linkSync(join(dir, 'a/b.txt'), join(dir, 'a/a.txt'));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    const { tree } = await open(dir);
    const rows = [...tree.walk()].map(({ gid, link, path, size, type, uid }) => [path, type, uid, gid, size, link]);
    expect(rows).toEqual([
      ['/a', 'directory', 0, 0, 0, undefined],
      ['/a/a.txt', 'file', 0, 0, 5, undefined],
      ['/a/b.txt', 'hardlink', 0, 0, 5, '/a/a.txt'],
      ['/a/link', 'symlink', 0, 0, 0, '../../outside'],
      ['/c', 'file', 0, 0, 0, undefined],
      ['/pipe', 'fifo', 0, 0, 0, undefined],
    ]);
    expect(tree.get(pathOfText('c'))?.mode).toBe(0o4755);
    expect(tree.get(ROOT)?.type).toBe('directory');
    expect(tree.get(pathOfText('c'))?.content).toEqual({ in: 'host', path: join(dir, 'c'), size: 0 });
  });

  it('leaves sockets out', async () => {
    const dir = tempDir();
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(dir, 'socket'), resolve));
    const { tree } = await open(dir);
    expect([...tree.walk()]).toEqual([]);
    await new Promise((resolve) => void server.close(resolve));
  });

  it('may be named through a link, and keeps names that are not UTF-8', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'real'));
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/real/x`), Buffer.of(0xff, 0x0a)]), 'odd');
    writeFileSync(join(dir, 'real/é'), 'e');
    symlinkSync('real', join(dir, 'link'));
    const context = await open(join(dir, 'link'), { ignore: 'é' });
    expect([...context.tree.walk()].map(({ path }) => path)).toEqual(['/x\xff\n']);
    expect(await context.digestOf('/x\xff\n' as TreePath)).toBe(sha256('odd'));
    const hidden = await open(join(dir, 'real'), { ignore: 'x\udcff?' });
    expect([...hidden.tree.walk()].map(({ path }) => path)).toEqual(['/\xc3\xa9']);
  });

  it.each([
    ['missing', 'E_PATH_NOT_FOUND'],
    ['file', 'E_NOT_DIRECTORY'],
  ])('fails for what is no folder: %s', async (name, code) => {
    const dir = tempDir();
    writeFiles(dir, { file: '' });
    await expect(open(join(dir, name))).rejects.toMatchObject({ code });
  });

  it('stops when it is told to', async () => {
    const dir = tempDir();
    writeFiles(dir, Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`${index}/x`, ''])));
    await expect(open(dir, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'E_CANCELLED' });
  });
});

describe('what is hidden', () => {
  it('is not there, and the rule is told', async () => {
    const dir = tempDir();
    writeFiles(dir, {
      'node_modules/x/y.js': '',
      'src/a.ts': '',
      'src/a.log': '',
      Dockerfile: '',
      '.dockerignore': '',
    });
    const context = await open(dir, { ignore: '# x\nnode_modules\n**/*.log\nDockerfile\n.dockerignore' });
    expect([...context.tree.walk()].map(({ path }) => path)).toEqual(['/src', '/src/a.ts']);
    const rule = (path: string): number | undefined => context.hiddenBy(pathOfText(path))?.line;
    expect(['node_modules/x', 'src/a.log', 'src/none.log', 'src/a.ts', 'none'].map(rule)).toEqual([
      2,
      3,
      3,
      undefined,
      undefined,
    ]);
    await expect(context.digestOf(pathOfText('src/a.log'))).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
  });

  it('keeps the folders above what is shown again, and no others', async () => {
    const dir = tempDir();
    writeFiles(dir, { 'docs/a/README.md': '', 'docs/a/b.txt': '', 'docs/b/c.txt': '', 'x/y': '' });
    const { tree } = await open(dir, { ignore: '*\n!docs/**/*.md' });
    expect([...tree.walk()].map(({ path, type }) => `${path} ${type}`)).toEqual([
      '/docs directory',
      '/docs/a directory',
      '/docs/a/README.md file',
    ]);
  });

  it('is a name among several of a file', async () => {
    const dir = tempDir();
    writeFiles(dir, { a: 'x' });
    linkSync(join(dir, 'a'), join(dir, 'b'));
    linkSync(join(dir, 'a'), join(dir, 'c'));
    const { tree } = await open(dir, { ignore: 'a' });
    expect([...tree.walk()].map(({ link, path, type }) => [path, type, link])).toEqual([
      ['/b', 'file', undefined],
      ['/c', 'hardlink', '/b'],
    ]);
  });

  it.skipIf(isRoot)('may be a folder that nobody may enter', async () => {
    const dir = tempDir();
    writeFiles(dir, { 'secret/a': '', b: '' });
    chmodSync(join(dir, 'secret'), 0);
    try {
      expect([...(await open(dir, { ignore: 'secret' })).tree.walk()].map(({ path }) => path)).toEqual(['/b']);
      await expect(open(dir)).rejects.toMatchObject({ code: 'E_PERMISSION' });
    } finally {
      chmodSync(join(dir, 'secret'), 0o700);
    }
  });
});

describe('digests of files', () => {
  it('are those of the contents', async () => {
    const dir = tempDir();
    const large = Buffer.alloc(700_000, 'tare');
    writeFiles(dir, { 'a/small': 'hello', empty: '', large, exact: large.subarray(0, 256 * 1024) });
    linkSync(join(dir, 'large'), join(dir, 'name'));
    symlinkSync('large', join(dir, 'link'));
    const context = await open(dir);
    const of = (path: string): Promise<string> => context.digestOf(pathOfText(path));
    expect(await of('a/small')).toBe(sha256('hello'));
    expect(await of('empty')).toBe(sha256(''));
    expect(await of('exact')).toBe(sha256(large.subarray(0, 256 * 1024)));
    expect(await Promise.all([of('large'), of('name')])).toEqual([sha256(large), sha256(large)]);
    await expect(of('a')).rejects.toMatchObject({ code: 'E_NOT_FILE' });
    await expect(of('link')).rejects.toMatchObject({ code: 'E_NOT_FILE' });
  });

  it.each<[string, (file: string) => unknown]>([
    ['is gone', (file) => rmSync(file)],
    ['has grown', (file) => writeFileSync(file, 'longer than before')],
    ['is a folder now', (file) => [rmSync(file), mkdirSync(file)]],
    ['is a link now', (file) => [renameSync(file, `${file}2`), symlinkSync(`${file}2`, file)]],
    ['is a pipe now', (file) => [rmSync(file), execFileSync('mkfifo', [file])]],
  ])('are refused when a file %s', async (_name, change) => {
    const dir = tempDir();
    writeFiles(dir, { a: 'before' });
    const context = await open(dir);
    change(join(dir, 'a'));
    await expect(context.digestOf(pathOfText('a'))).rejects.toMatchObject({ code: 'E_CHANGED' });
  });

  it('are of ten thousand files, read in threads', async () => {
    const dir = tempDir();
    const home = tempDir();
    const files = Array.from({ length: 10_000 }, (_, index): [string, string] => [
      `d${index % 100}/f${index}`,
      `${index}`,
    ]);
    writeFiles(dir, Object.fromEntries(files));
    const context = await open(dir, { home });
    const entries = [...context.tree.walk()];
    const sha256Of = await context.digestsOf(entries);
    for (const [path, content] of files.slice(0, 500))
      expect(`sha256:${sha256Of(context.tree.get(pathOfText(path))!)}`).toBe(sha256(content));
    const first = await digestOfAll(context);
    await context.save();
    expect(await digestOfAll(await open(dir, { home }))).toBe(first);
    writeFileSync(join(dir, 'd7/f7'), 'other');
    expect(await digestOfAll(await open(dir, { home }))).not.toBe(first);
    rmSync(join(dir, 'd7/f107'));
    await expect(context.digestsOf(entries)).resolves.toBeTypeOf('function');
  });

  it('stop when one of many files is gone, and when they are told to', async () => {
    const dir = tempDir();
    writeFiles(dir, Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`f${index}`, `${index}`])));
    const gone = await open(dir);
    rmSync(join(dir, 'f700'));
    await expect(gone.digestsOf(gone.tree.walk())).rejects.toMatchObject({ code: 'E_CHANGED' });
    const stop = new AbortController();
    const stopped = await open(dir, { signal: stop.signal });
    const work = stopped.digestsOf(stopped.tree.walk());
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'E_CANCELLED' });
  });
});
