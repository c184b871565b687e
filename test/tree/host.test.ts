import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { pathOfText as p, ROOT } from '../../src/base/path.ts';
import { contentReader } from '../../src/tree/content.ts';
import { treeOfDirectory } from '../../src/tree/directory.ts';
import { hostTree } from '../../src/tree/host-tree.ts';
import { describeTree } from '../helpers/describe-tree.ts';
import { hostTree as slowHostTree } from '../helpers/host-tree.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const isRoot = process.getuid?.() === 0;
const content = contentReader({ layerTar: () => Promise.reject(new Error('no layers here')) });

/** Owners depend on who runs the tests. */
const withoutOwners = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/@\d+:\d+/, ''));

function sample(): string {
  const root = tempDir();
  mkdirSync(join(root, 'd'));
  chmodSync(join(root, 'd'), 0o750);
  writeFileSync(join(root, 'd/z'), 'content');
  linkSync(join(root, 'd/z'), join(root, 'd/a'));
  writeFileSync(join(root, 'plain'), 'x', { mode: 0o600 });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from('caf\xe9\n', 'latin1')]), 'y', { mode: 0o644 });
  symlinkSync('d', join(root, 'l'));
  symlinkSync('/d/z', join(root, 'abs'));
  symlinkSync('../../../../../../d', join(root, 'up'));
  symlinkSync('circle', join(root, 'circle'));
  chmodSync(join(root, 'd/z'), 0o644);
  return root;
}

describe('treeOfDirectory', () => {
  it('holds what is there, links not followed, bytes of names kept', async () => {
    const tree = await treeOfDirectory(sample());
    expect(withoutOwners(await describeTree(tree, content))).toEqual([
      'l /abs -> /d/z',
      'f /caf\\xe9\\x0a = y',
      'l /circle -> circle',
      'd750 /d',
      'f /d/a = content',
      'h /d/z -> /d/a',
      'l /l -> d',
      'f600 /plain = x',
      'l /up -> ../../../../../../d',
    ]);
    expect(tree.resolve(p('/up/z'))?.entry.path).toBe('/d/z');
    expect(tree.get(p('/d/z'))).toMatchObject({ size: 7, content: { in: 'host', size: 7 } });
    expect(tree.get(ROOT)?.type).toBe('directory');
  });

  it('leaves sockets out', async () => {
    const root = tempDir();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    try {
      writeFileSync(join(root, 'x'), '');
      expect([...(await treeOfDirectory(root)).walk()].map(({ path }) => path)).toEqual(['/x']);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.skipIf(!needs('mknod') || !isRoot)('knows devices and pipes', async () => {
    const root = tempDir();
    execFileSync('mknod', ['-m', '600', join(root, 'c'), 'c', '300', '70000']);
    execFileSync('mknod', ['-m', '644', join(root, 'p'), 'p']);
    expect(await describeTree(await treeOfDirectory(root), content)).toEqual(['c600 /c 300:70000', 'p /p']);
  });

  it('says which folder cannot be read', async () => {
    const root = tempDir();
    mkdirSync(join(root, 'locked'));
    chmodSync(join(root, 'locked'), 0);
    const result = treeOfDirectory(root).catch((error: unknown) => error);
    const error = isRoot ? undefined : await result;
    if (!isRoot)
      expect(error).toMatchObject({ code: 'E_PERMISSION', message: expect.stringContaining('locked') as string });
    chmodSync(join(root, 'locked'), 0o700);
    await expect(treeOfDirectory(join(root, 'no'))).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    writeFileSync(join(root, 'file'), '');
    await expect(treeOfDirectory(join(root, 'file'))).rejects.toMatchObject({ code: 'E_NOT_DIRECTORY' });
  });

  it('follows the name that it is given', async () => {
    const root = sample();
    expect((await treeOfDirectory(join(root, 'l'))).get(p('/a'))?.type).toBe('file');
  });

  it('an empty folder', async () => {
    expect([...(await treeOfDirectory(tempDir())).walk()]).toEqual([]);
  });
});

describe('hostTree', () => {
  it('shows the same as a walk of the folder', async () => {
    const root = sample();
    const lazy = hostTree({ root, hide: [] });
    const names = [...lazy.walk()].map(({ path, type }) => [path, type]);
    const eager = [...(await treeOfDirectory(root)).walk()].map(({ path, type }) => [
      path,
      type === 'hardlink' ? 'file' : type,
    ]);
    expect(names).toEqual(eager);
  });

  it('follows links inside its root only', () => {
    const tree = hostTree({ root: sample(), hide: [] });
    expect(tree.resolve(p('/abs'))).toMatchObject({ entry: { path: '/d/z' }, via: ['/abs'] });
    expect(tree.resolve(p('/up/z'))).toMatchObject({ entry: { path: '/d/z' }, via: ['/up'] });
    expect(tree.resolve(p('/circle'))).toBeUndefined();
    expect(tree.get(p('/l/z'))).toBeUndefined();
    expect(tree.get(p('/plain/x'))).toBeUndefined();
    expect(tree.get(p('/no'))).toBeUndefined();
    expect(tree.children(p('/l'))).toEqual([]);
  });

  it('hides what it is told to', () => {
    const tree = hostTree({ root: sample(), hide: ['/d', 'plain'] });
    expect(tree.get(p('/d'))).toBeUndefined();
    expect(tree.get(p('/d/z'))).toBeUndefined();
    expect(tree.resolve(p('/l/z'))).toBeUndefined();
    expect(tree.children(ROOT).map(({ path }) => path)).toEqual(['/abs', '/caf\xe9\n', '/circle', '/l', '/up']);
  });

  it('does not change once it has answered', () => {
    const root = sample();
    const tree = hostTree({ root, hide: [] });
    expect(tree.get(p('/plain'))?.size).toBe(1);
    rmSync(join(root, 'plain'));
    expect(tree.get(p('/plain'))?.size).toBe(1);
    expect(hostTree({ root, hide: [] }).get(p('/plain'))).toBeUndefined();
  });

  it("agrees with the machine's own view of /usr and /etc", () => {
    const tree = hostTree({ root: '/', hide: ['/proc', '/sys', '/dev', '/run'] });
    const { tree: slow } = slowHostTree();
    for (const path of [
      '/bin/sh',
      '/lib',
      '/usr/bin/env',
      '/etc/os-release',
      '/usr/lib/x86_64-linux-gnu/libc.so.6',
      '/no/such',
    ].map(p)) {
      expect(tree.resolve(path)?.entry.path).toBe(slow.resolve(path)?.entry.path);
    }
    expect(tree.get(p('/proc'))).toBeUndefined();
    expect(tree.get(ROOT)?.type).toBe('directory');
    expect(tree.children(p('/usr')).map(({ path }) => path)).toEqual(slow.children(p('/usr')).map(({ path }) => path));
  });
});

describe('content of host files', () => {
  it('is read whole, in ranges and as a stream', async () => {
    const tree = await treeOfDirectory(sample());
    const entry = tree.get(p('/d/a'));
    if (entry === undefined) throw new Error('unreachable');
    const text = async (range?: { offset: number; size: number }): Promise<string> =>
      Buffer.from(await content.read(entry, range)).toString();
    expect(await text()).toBe('content');
    expect(await text({ offset: 3, size: 2 })).toBe('te');
    expect(await text({ offset: 5, size: 100 })).toBe('nt');
    expect(await text({ offset: 50, size: 1 })).toBe('');
    let streamed = '';
    for await (const chunk of content.stream(entry)) streamed += Buffer.from(chunk).toString();
    expect(streamed).toBe('content');
  });

  it('refuses a file that is gone, has grown, shrunk, or become something else', async () => {
    const changes: Readonly<Record<string, (path: string) => void>> = {
      gone: (path) => rmSync(path),
      grown: (path) => writeFileSync(path, 'longer than before'),
      shrunk: (path) => writeFileSync(path, ''),
      'a link to another of its size': (path) => {
        rmSync(path);
        symlinkSync('d/z', path);
      },
      'a folder': (path) => {
        rmSync(path);
        mkdirSync(path);
      },
    };
    for (const [name, change] of Object.entries(changes)) {
      const root = tempDir();
      writeFileSync(join(root, 'f'), 'content');
      const entry = (await treeOfDirectory(root)).get(p('/f'));
      if (entry === undefined) throw new Error('unreachable');
      change(join(root, 'f'));
      await expect(content.read(entry), name).rejects.toMatchObject({ code: 'E_IO' });
      await expect(content.stream(entry)[Symbol.asyncIterator]().next(), name).rejects.toMatchObject({ code: 'E_IO' });
    }
  });

  it('has none for folders', async () => {
    const entry = (await treeOfDirectory(sample())).get(p('/d'));
    if (entry === undefined) throw new Error('unreachable');
    await expect(content.read(entry)).rejects.toSatisfy((error) => isTareError(error, 'E_NOT_FILE'));
  });

  it.skipIf(process.platform !== 'linux')('leaves no file open', async () => {
    const root = sample();
    const entry = (await treeOfDirectory(root)).get(p('/d/a'));
    if (entry === undefined) throw new Error('unreachable');
    for (let i = 0; i < 50; i++) {
      await content.read(entry);
      for await (const chunk of content.stream(entry)) {
        void chunk;
        break;
      }
    }
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // The one that the list was read through.
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(root))).toEqual([]);
  });
});
