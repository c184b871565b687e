import { describe, expect, it } from 'vitest';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { PACKAGES, pythonClosure, smallPython } from '../../helpers/python-closure.ts';

const START = { argv: ['python3', '/app/main.py'] };
/** What the application and its packages bring, without python itself. */
async function kept(
  files: Readonly<Record<string, MemoryFile>>,
  start: Parameters<typeof pythonClosure>[1] = START,
): Promise<string[]> {
  const { paths } = await pythonClosure(smallPython(files), start);
  const own = Object.keys(files).sort();
  return paths
    .filter((path) => own.includes(path) && path !== '/app/main.py')
    .map((path) => path.replace(`${PACKAGES}/`, ''));
}

const P = PACKAGES;

describe('modules that a source asks for', () => {
  it.each<[name: string, files: Record<string, MemoryFile>, wanted: string[]]>([
    [
      'packages above, and submodules among the names',
      {
        '/app/main.py': 'from a.b import c, d',
        [`${P}/a/__init__.py`]: '',
        [`${P}/a/b/__init__.py`]: 'd = 1',
        [`${P}/a/b/c.py`]: '',
        [`${P}/a/x.py`]: '',
      },
      ['a/__init__.py', 'a/b/__init__.py', 'a/b/c.py'],
    ],
    [
      'relative ones',
      {
        '/app/main.py': 'import a.b.c',
        [`${P}/a/__init__.py`]: '',
        [`${P}/a/b/__init__.py`]: 'from . import d',
        [`${P}/a/b/c.py`]: 'from ..e import f\nfrom .d import g',
        [`${P}/a/b/d.py`]: '',
        [`${P}/a/e.py`]: '',
      },
      ['a/__init__.py', 'a/b/__init__.py', 'a/b/c.py', 'a/b/d.py', 'a/e.py'],
    ],
    [
      'all of a package by __all__',
      {
        '/app/main.py': 'from a import *',
        [`${P}/a/__init__.py`]: '__all__ = ["b"]\n__all__ += ["c"]',
        [`${P}/a/b.py`]: '',
        [`${P}/a/c.py`]: '',
        [`${P}/a/d.py`]: '',
      },
      ['a/__init__.py', 'a/b.py', 'a/c.py'],
    ],
    [
      'an extension before a source, and what a source of it says',
      {
        '/app/main.py': 'import a',
        [`${P}/a.cpython-311-x86_64-linux-gnu.so`]: '\u007fELF',
        [`${P}/a.py`]: 'import b',
        [`${P}/b.abi3.so`]: '\u007fELF',
      },
      ['a.cpython-311-x86_64-linux-gnu.so', 'b.abi3.so'],
    ],
    [
      'maps of a lazy package',
      {
        '/app/main.py': 'from a import Thing',
        [`${P}/a/__init__.py`]: '_map = {"Thing": ".b"}\ndef __getattr__(n): return import_module(_map[n], __name__)',
        [`${P}/a/b.py`]: '',
        [`${P}/a/c.py`]: '',
      },
      ['a/__init__.py', 'a/b.py'],
    ],
    [
      'computed names in its own package, those that it lists first',
      {
        '/app/main.py': 'import a',
        [`${P}/a/__init__.py`]: 'B = ["b", "c"]\nfor x in other(): import_module("." + x, __package__)',
        [`${P}/a/b.py`]: '',
        [`${P}/a/c.py`]: '',
        [`${P}/a/d.py`]: '',
        [`${P}/a/tests/__init__.py`]: '',
      },
      ['a/__init__.py', 'a/b.py', 'a/c.py'],
    ],
    [
      'all of them when it has no list, but no tests',
      {
        '/app/main.py': 'import a',
        [`${P}/a/__init__.py`]: 'import_module(f"{__name__}.{x}")',
        [`${P}/a/b.py`]: '',
        [`${P}/a/d/__init__.py`]: '',
        [`${P}/a/tests/__init__.py`]: '',
      },
      ['a/__init__.py', 'a/b.py', 'a/d/__init__.py'],
    ],
    [
      'plug-ins that a package lists',
      {
        '/app/main.py': 'import a',
        [`${P}/a/__init__.py`]: 'import pkgutil\nfor m in pkgutil.iter_modules(__path__): load(m)',
        [`${P}/a/b.py`]: '',
      },
      ['a/__init__.py', 'a/b.py'],
    ],
    [
      'texts that name classes',
      {
        '/app/main.py': 'CLASS = "a.b.Thing"\nOTHER = "a.nowhere.Thing"',
        [`${P}/a/__init__.py`]: '',
        [`${P}/a/b.py`]: '',
        [`${P}/a/c.py`]: '',
      },
      ['a/__init__.py', 'a/b.py'],
    ],
    [
      'entry points of a group, with the record that registers them',
      {
        '/app/main.py': 'from importlib.metadata import entry_points\nentry_points(group="app.plugins")',
        [`${P}/p.py`]: '',
        [`${P}/q.py`]: '',
        [`${P}/p-1.dist-info/METADATA`]: 'Name: p',
        [`${P}/p-1.dist-info/entry_points.txt`]: '[app.plugins]\np = p:main\n[other]\nq = q:main\n',
        [`${P}/p-1.dist-info/RECORD`]: '',
      },
      ['p-1.dist-info/METADATA', 'p-1.dist-info/entry_points.txt', 'p.py'],
    ],
    [
      "a distribution's version",
      {
        '/app/main.py': 'import importlib.metadata as m\nm.version("My_Dist")',
        [`${P}/my_dist-1.dist-info/METADATA`]: '',
        [`${P}/other-1.dist-info/METADATA`]: '',
      },
      ['my_dist-1.dist-info/METADATA'],
    ],
    [
      'no tests, no workshop, no types',
      {
        '/app/main.py': 'import a',
        [`${P}/a/__init__.py`]:
          'if TYPE_CHECKING:\n  import b\ndef f():\n  import pytest, a.testing\nif __name__ == "__main__":\n  import c',
        [`${P}/a/testing.py`]: '',
        [`${P}/pytest/__init__.py`]: '',
        [`${P}/b.py`]: '',
        [`${P}/c.py`]: '',
      },
      ['a/__init__.py'],
    ],
    [
      'a folder that the script adds to its path',
      {
        '/app/main.py': 'import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))\nimport x',
        '/app/lib/x.py': '',
      },
      ['/app/lib/x.py'],
    ],
  ])('%s', async (_name, files, wanted) => {
    expect(await kept(files)).toEqual(wanted);
  });

  it('does without what comes instead of a module of the library that is there', async () => {
    const std = '/usr/lib/python3.11';
    const files = {
      '/app/main.py': 'import m',
      [`${std}/m.py`]: 'try:\n  from _m import *\nexcept ImportError:\n  from _pym import *',
      [`${std}/_pym.py`]: '',
    };
    const dynload = `${std}/lib-dynload/_m.cpython-311-x86_64-linux-gnu.so`;
    expect(await kept({ ...files, [dynload]: '' })).toEqual([dynload, `${std}/m.py`]);
    expect(await kept(files)).toEqual([`${std}/_pym.py`, `${std}/m.py`]);
  });

  it('warns of a module that the application cannot do without, and of no other', async () => {
    const { warnings } = await pythonClosure(
      smallPython({
        '/app/main.py':
          'import sys, math, nowhere.x\ntry:\n  import maybe\nexcept ImportError: pass\ndef f():\n  import later\nimport lib',
        [`${P}/lib.py`]: 'import unknown',
      }),
      START,
    );
    expect(warnings).toEqual([
      {
        code: 'python-missing',
        message: '/app/main.py:1 imports nowhere.x, which is nowhere in this tree',
        path: '/app/main.py',
        line: 1,
      },
    ]);
  });

  it('says why, and how surely', async () => {
    const { edges } = await pythonClosure(
      smallPython({
        '/app/main.py': 'import a\ndef f():\n  from a import b',
        [`${P}/a/__init__.py`]: '',
        [`${P}/a/b.py`]: '',
      }),
      START,
    );
    expect(edges.filter((edge) => edge.from === '/app/main.py' && edge.to.startsWith(P))).toMatchObject([
      { to: `${P}/a/__init__.py`, kind: 'python-import', because: 'import a', certainty: 'sure', at: { line: 1 } },
      { to: `${P}/a/b.py`, kind: 'python-import', because: 'from a import b', certainty: 'likely', at: { line: 3 } },
    ]);
  });
});

describe('data files', () => {
  const LIB = {
    [`${P}/a/data/x.json`]: '',
    [`${P}/a/cacert.pem`]: '',
    [`${P}/a/py.typed`]: '',
    [`${P}/a/a.pyi`]: '',
    [`${P}/a/README.md`]: '',
  };
  it.each<[name: string, source: string, wanted: string[]]>([
    ['a path from __file__', 'open(os.path.join(os.path.dirname(__file__), "data", "x.json"))', ['a/data/x.json']],
    ['a folder', 'from pathlib import Path\nD = Path(__file__).parent / "data"', ['a/data/x.json']],
    ['a pattern', 'from pathlib import Path\nD = Path(__file__).parent / "data" / f"{x}.json"', ['a/data/x.json']],
    [
      'importlib.resources',
      'from importlib.resources import files\nfiles("a").joinpath("cacert.pem")',
      ['a/cacert.pem', 'a/data/x.json'],
    ],
    ['pkgutil', 'import pkgutil\npkgutil.get_data("a", "cacert.pem")', ['a/cacert.pem']],
    ['a name, where it opens files beside itself', 'import pkg_resources\nNAME = "x.json"', ['a/data/x.json']],
    ['a name by itself', 'NAME = "x.json"', []],
    ['a jinja loader', 'from jinja2 import PackageLoader\nPackageLoader("a", "data")', ['a/data/x.json']],
  ])('%s', async (_name, source, wanted) => {
    expect(await kept({ '/app/main.py': 'import a', [`${P}/a/__init__.py`]: source, ...LIB })).toEqual(
      ['a/__init__.py', ...wanted].sort(),
    );
  });

  it('an absolute path in a text', async () => {
    const files = {
      '/app/main.py': 'X = "/etc/app.conf", "/etc/shadow", "/usr/bin/tool"',
      '/etc/app.conf': '',
      '/etc/shadow': '',
      '/usr/bin/tool': '',
    };
    expect(await kept(files)).toEqual(['/etc/app.conf']);
  });
});
