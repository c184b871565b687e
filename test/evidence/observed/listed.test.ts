import { describe, expect, it } from 'vitest';
import { isInside, type TreePath } from '../../../src/base/path.ts';
import { observedRoots, type Observed } from '../../../src/evidence/observed/index.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { profileWith } from './profiles.ts';

const LARGE = new Uint8Array(600_000);
const PYTHON = '/usr/bin/python3.11' as TreePath;
const NODE = '/usr/bin/node' as TreePath;

function listing(
  files: Readonly<Record<string, MemoryFile>>,
  folder: string,
  { by = NODE, system = '' }: { readonly by?: TreePath; readonly system?: string } = {},
): Observed {
  const { tree } = memoryTree(files);
  return observedRoots({
    profile: profileWith([{ path: folder, how: ['list'], by: [by] }]),
    tree,
    context: { argv: ['x'], env: {}, cwd: '/' as TreePath },
    system: (path) => system !== '' && isInside(system as TreePath, path),
  });
}

const entries = ({ roots }: Observed): string[] => roots.slice(1).map((root) => root.path);

describe('a folder that was listed', () => {
  it('has its entries, but not what is in its folders', () => {
    const files = { '/app/views/a.ejs': 'x', '/app/views/sub/b.ejs': 'x', '/app/views/l': { link: '/etc/x' } };
    const found = listing(files, '/app/views');
    expect(found.roots.slice(1)).toEqual(
      ['a.ejs', 'l', 'sub'].map((name) => ({
        root: 'observed:start',
        path: `/app/views/${name}`,
        kind: 'looked-up',
        because: 'an entry of /app/views, which is listed by /usr/bin/node at the start',
        context: { argv: ['x'], env: {}, cwd: '/' },
        settled: true,
      })),
    );
    expect(found.warnings).toEqual([]);
  });

  it('may be named by a link', () => {
    const files = { '/app/v2/a': 'x', '/app/current': { link: 'v2' } };
    expect(entries(listing(files, '/app/current'))).toEqual(['/app/v2/a']);
  });

  it.each<[what: string, files: Readonly<Record<string, MemoryFile>>, folder: string, by: TreePath, kept: number]>([
    ['modules', { '/p/m.py': 'x', '/p/data.txt': 'x' }, '/p', PYTHON, 0],
    ['modules, and not Python', { '/p/m.py': 'x', '/p/data.txt': 'x' }, '/p', NODE, 2],
    ['compiled modules', { '/p/__pycache__/m.pyc': 'x', '/p/data.txt': 'x' }, '/p', PYTHON, 0],
    ['extensions', { '/p/_ssl.cpython-311-x86_64-linux-gnu.so': 'x' }, '/p', PYTHON, 0],
    ['installed packages', { '/p/flask-3.0.dist-info/METADATA': 'x' }, '/p', '/opt/pypy3' as TreePath, 0],
    ['plain data', { '/p/a.html': 'x', '/p/libx.so.1': 'x' }, '/p', PYTHON, 2],
    ['the folder of the script', { '/opt/bin/gunicorn': 'x' }, '/opt/bin', PYTHON, 0],
    ['programs, and not Python', { '/opt/bin/gunicorn': 'x' }, '/opt/bin', NODE, 1],
    ['nothing', { '/p': { directory: true } }, '/p', PYTHON, 0],
    ['a file', { '/p': 'x' }, '/p', NODE, 0],
  ])('%s', (_what, files, folder, by, kept) => {
    const found = listing(files, folder, { by });
    expect(entries(found).length).toBe(kept);
    expect(found.warnings).toEqual([]);
  });

  it('of the operating system is kept only when it is small', () => {
    const small = { '/etc/ssl/a.pem': 'x', '/etc/ssl/b.pem': 'x' };
    expect(entries(listing(small, '/etc/ssl', { system: '/etc' }))).toEqual(['/etc/ssl/a.pem', '/etc/ssl/b.pem']);
    const large = { '/opt/x/a': LARGE, '/opt/x/b': LARGE, '/opt/x/own': { link: '/app/own' }, '/app/own': LARGE };
    expect(entries(listing(large, '/opt/x')).length).toBe(3);
    const found = listing(large, '/opt/x', { system: '/opt' });
    expect(found.warnings).toEqual([
      {
        code: 'listed-folder',
        path: '/opt/x',
        message:
          '/opt/x was listed: 3 entries of the operating system (1.8 MB) are not kept because of that; include those that are needed',
      },
    ]);
    expect(entries(found)).toEqual([]);
  });

  it('leaves out what packages own, and keeps the rest', () => {
    const files = {
      '/opt/x/sys/a': 'x',
      '/opt/x/own': 'x',
      '/opt/x/big': { link: '/sys-big' },
      '/sys-big': new Uint8Array(2e6),
    };
    const found = listing(files, '/opt/x', { system: '/sys-big' });
    expect(entries(found)).toEqual(['/opt/x/own', '/opt/x/sys']);
    expect(found.listed).toMatchObject([{ path: '/opt/x', left: { entries: 1, bytes: 2e6, why: 'system' } }]);
  });

  it.each(['/usr/bin', '/bin', '/usr/lib/x86_64-linux-gnu', '/lib/aarch64-linux-musl', '/usr/share'])(
    '%s is of the operating system, whoever owns what is in it',
    (folder) => {
      const files = { [`${folder}/a`]: LARGE, [`${folder}/b`]: LARGE, [`${folder}/c`]: { link: 'a' } };
      const found = listing(files, folder);
      expect(entries(found)).toEqual([]);
      expect(found.warnings.length).toBe(1);
    },
  );

  it('does not name twice what the profile names itself', () => {
    const { tree } = memoryTree({ '/d/a': 'x', '/d/b': 'x' });
    const profile = profileWith([
      { path: '/d', how: ['list'] },
      { path: '/d/a', how: ['open'] },
    ]);
    const { roots } = observedRoots({ profile, tree, context: { argv: [], env: {}, cwd: '/' as TreePath } });
    expect(roots.map(({ kind, path }) => `${path} ${kind}`)).toEqual(['/d opened', '/d/b looked-up', '/d/a opened']);
  });
});
