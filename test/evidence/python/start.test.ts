import { describe, expect, it } from 'vitest';
import { PACKAGES, pythonClosure, smallPython } from '../../helpers/python-closure.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';

const X = (content: string): MemoryFile => ({ content, mode: 0o755 });

describe('where python finds its library and its packages', () => {
  it('keeps what it needs to start, and the codecs', async () => {
    const { paths } = await pythonClosure(
      smallPython({ '/usr/lib/python3.11/unused.py': '', '/usr/lib/python3.11/io.py': '' }),
      { argv: ['python3', '-c', 'pass'] },
    );
    expect(paths).toEqual([
      '/usr/bin/python3',
      '/usr/bin/python3.11',
      '/usr/lib/python3.11/encodings/__init__.py',
      '/usr/lib/python3.11/encodings/utf_8.py',
      '/usr/lib/python3.11/io.py',
      '/usr/lib/python3.11/os.py',
      '/usr/lib/python3.11/site.py',
    ]);
  });

  it('finds a venv by the name that the interpreter is called by', async () => {
    const tree = smallPython({
      '/app/venv/pyvenv.cfg': 'home = /usr/bin\ninclude-system-site-packages = false\n',
      '/app/venv/bin/python3': { link: '/usr/bin/python3' },
      '/app/venv/bin/serve': X('#!/app/venv/bin/python3\nfrom tool.cli import main\nmain()\n'),
      '/app/venv/lib/python3.11/site-packages/tool/__init__.py': '',
      '/app/venv/lib/python3.11/site-packages/tool/cli.py': 'import helper',
      [`${PACKAGES}/helper.py`]: '',
      '/app/venv/lib/python3.11/site-packages/other.py': '',
    });
    const { paths, warnings } = await pythonClosure(tree, { argv: ['/app/venv/bin/serve'] });
    expect(paths).toEqual(
      expect.arrayContaining(['/app/venv/pyvenv.cfg', '/app/venv/bin/python3', '/usr/bin/python3.11']),
    );
    expect(paths).toContain('/app/venv/lib/python3.11/site-packages/tool/cli.py');
    expect(paths).not.toContain(`${PACKAGES}/helper.py`);
    expect(paths).not.toContain('/app/venv/lib/python3.11/site-packages/other.py');
    expect(warnings).toEqual([]);
    const open = { ...tree, '/app/venv/pyvenv.cfg': 'home = /usr/bin\ninclude-system-site-packages = true\n' };
    expect((await pythonClosure(open, { argv: ['/app/venv/bin/serve'] })).paths).toContain(`${PACKAGES}/helper.py`);
  });

  it.each<[name: string, files: Record<string, MemoryFile>, module: string]>([
    [
      "Debian's folders",
      {
        '/usr/lib/python3.11/site.py': '# dist-packages\ndef getsitepackages(): pass',
        '/usr/lib/python3/dist-packages/mod.py': '',
      },
      '/usr/lib/python3/dist-packages/mod.py',
    ],
    ['site-packages', { [`${PACKAGES}/mod.py`]: '' }, `${PACKAGES}/mod.py`],
    [
      'a path of a .pth file',
      { [`${PACKAGES}/a.pth`]: '# x\n/srv/more\n', '/srv/more/mod.py': '' },
      '/srv/more/mod.py',
    ],
    [
      'an editable install',
      {
        [`${PACKAGES}/__editable__.m.pth`]: 'import __editable___m_finder; __editable___m_finder.install()\n',
        [`${PACKAGES}/__editable___m_finder.py`]: "MAPPING: dict[str, str] = {'mod': '/src/mod'}\n",
        '/src/mod/__init__.py': '',
      },
      '/src/mod/__init__.py',
    ],
    ['PYTHONPATH', { '/opt/lib/mod.py': '' }, '/opt/lib/mod.py'],
    ["the script's folder", { '/app/mod.py': '' }, '/app/mod.py'],
    [
      'lib-dynload',
      { '/usr/lib/python3.11/lib-dynload/mod.cpython-311-x86_64-linux-gnu.so': '' },
      '/usr/lib/python3.11/lib-dynload/mod.cpython-311-x86_64-linux-gnu.so',
    ],
    ['a namespace package', { [`${PACKAGES}/mod/sub.py`]: '' }, `${PACKAGES}/mod/sub.py`],
  ])('%s', async (_name, files, module) => {
    const tree = smallPython({ '/app/main.py': 'import mod\nfrom mod import sub', ...files });
    const { paths, warnings } = await pythonClosure(tree, {
      argv: ['python3', 'main.py'],
      env: { PYTHONPATH: '/opt/lib' },
    });
    expect(paths).toContain(module);
    expect(warnings).toEqual([]);
  });

  it('serves the flags', async () => {
    const tree = smallPython({
      '/app/pkg/__main__.py': 'import mod',
      '/app/pkg/__init__.py': '',
      '/app/mod.py': '',
      '/opt/mod.py': '',
    });
    const env = { PYTHONPATH: '/opt' };
    const at = async (...argv: string[]) => (await pythonClosure(tree, { argv: ['python3', ...argv], env })).paths;
    expect(await at('-m', 'pkg')).toEqual(expect.arrayContaining(['/app/pkg/__main__.py', '/app/mod.py']));
    expect(await at('-I', '-m', 'pkg')).not.toContain('/app/pkg/__main__.py');
    expect(await at('-P', '-c', 'import mod')).toContain('/opt/mod.py');
    expect(await at('-S', '-c', 'pass')).not.toContain('/usr/lib/python3.11/site.py');
  });

  it('keeps the compiled form that this interpreter reads', async () => {
    const cache = '/app/__pycache__';
    const files = Object.fromEntries(['311', '312', '311.opt-1'].map((tag) => [`${cache}/mod.cpython-${tag}.pyc`, '']));
    const tree = smallPython({ '/app/main.py': 'import mod', '/app/mod.py': '', ...files });
    const { paths } = await pythonClosure(tree, { argv: ['python3', 'main.py'] });
    expect(paths.filter((path) => path.endsWith('.pyc'))).toEqual([`${cache}/mod.cpython-311.pyc`]);
    const optimized = await pythonClosure(tree, { argv: ['python3', '-O', 'main.py'] });
    expect(optimized.paths.filter((path) => path.endsWith('.pyc'))).toEqual([`${cache}/mod.cpython-311.opt-1.pyc`]);
  });

  it('knows the interpreter of docker-library by the folder that it lies in', async () => {
    const { paths } = await pythonClosure(
      {
        '/usr/local/bin/python3.12': X('\u007fELF'),
        '/usr/local/bin/python': { link: 'python3.12' },
        '/usr/local/lib/python3.12/os.py': '',
        '/usr/local/lib/python3.12/site-packages/mod.py': '',
        '/usr/lib/python3.11/os.py': '',
        '/app/main.py': 'import mod',
      },
      { argv: ['python', 'main.py'] },
    );
    expect(paths).toContain('/usr/local/lib/python3.12/site-packages/mod.py');
    expect(paths).not.toContain('/usr/lib/python3.11/os.py');
  });
});
