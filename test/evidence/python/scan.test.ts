import { describe, expect, it } from 'vitest';
import { condense } from '../../../src/evidence/python/scan/condense.ts';
import { scanSource } from '../../../src/evidence/python/scan/scan.ts';
import { HERE, NAME, PACKAGE, WILD } from '../../../src/evidence/python/scan/types.ts';

describe('imports of a source', () => {
  it.each([
    ['import a.b as c, d', [{ module: 'a.b' }, { module: 'd' }]],
    ['from ..a import (b as c,  # why\n  d)', [{ module: 'a', level: 2, names: ['b', 'd'] }]],
    ['from . import *', [{ module: '', level: 1, names: ['*'] }]],
    ['from ... import x', [{ module: '', level: 3, names: ['x'] }]],
    ['import a; import b', [{ module: 'a' }, { module: 'b' }]],
    ['from a \\\n  import b', [{ module: 'a', names: ['b'], line: 1 }]],
    ['def f():\n  import a', [{ module: 'a', lazy: true, within: 'f', line: 2 }]],
    ['class A:\n  import a', [{ module: 'a' }]],
    ['if TYPE_CHECKING:\n  import a\nelse:\n  import b', [{ module: 'b' }]],
    ['if sys.platform == "win32":\n  import a\nelif x:\n  import b', [{ module: 'b', guarded: true }]],
    ['if __name__ == "__main__":\n  import a', [{ module: 'a', main: true }]],
    ['x = """\nimport a\n"""\n# import b\nimport c', [{ module: 'c', line: 5 }]],
    ['f"{x["import a"]}"; import b', [{ module: 'b' }]],
    ['async def f():\n\tasync with a as b:\n\t\tfrom c import d', [{ module: 'c', lazy: true }]],
    ['match x:\n  case 1:\n    import a', [{ module: 'a' }]],
  ])('%s', (source, imports) => {
    const found = scanSource(source).imports;
    expect(found).toHaveLength(imports.length);
    expect(found).toMatchObject(imports);
  });

  it('knows what is done instead of an import that fails', () => {
    const [first, second, third] = scanSource(
      'try:\n  import a\nexcept ImportError:\n  import b\nelse:\n  import c',
    ).imports;
    expect(second?.fallback).toBe(first?.attempt);
    expect(third).not.toHaveProperty('fallback');
  });

  it('finds what it can in what is no Python', () => {
    expect(
      scanSource('import a\nprint "x" % (\nimport b\n))\n  from c import d').imports.map(({ module }) => module),
    ).toEqual(expect.arrayContaining(['a', 'c']));
  });
});

describe('names that are computed', () => {
  it.each([
    ['import_module("a.b")', ['a.b']],
    ['import importlib as i\nname = "x"\ni.import_module(f"a.{name}")', ['a.x']],
    ['import_module("." + x, __package__)', [`${PACKAGE}.${WILD}`]],
    ['import_module(".y", "a.b")', ['a.b.y']],
    ['__import__("%s.%s" % (__name__, x))', [`${NAME}.${WILD}`]],
    ['for n in ("p", "q"):\n  __import__("a." + n)', ['a.p', 'a.q']],
    ['[import_module("a.{}".format(n)) for n in ["p"]]', ['a.p']],
    ['import_string(x)', []],
    ['p = __name__.rpartition(".")[0]\n__import__(p + ".x")', [`${PACKAGE}.x`]],
  ])('%s', (source, names) => {
    expect(scanSource(source).loads.flatMap((load) => load.names)).toEqual(names);
  });
});

describe('files beside a source', () => {
  it.each([
    ['import os\nos.path.join(os.path.dirname(__file__), "t", "x.html")', [`${HERE}/t/x.html`]],
    ['from os.path import dirname as d, join\nHERE = d(__file__)\nopen(join(HERE, "x"))', [HERE, `${HERE}/x`]],
    ['from pathlib import Path\nB = Path(__file__).resolve().parent\nT = B / "t" / name', [HERE, `${HERE}/t/${WILD}`]],
    ['Path(__file__).parents[1] / "x"', [`${HERE}/../x`]],
    ['Path(__file__).with_name("x")', [`${HERE}/x`]],
    ['os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/x"', [`${HERE}/../x`]],
  ])('%s', (source, paths) => {
    const found = scanSource(source).files.flatMap((file) => file.paths);
    for (const path of paths) expect(found).toContain(path);
  });

  it('keeps texts that may name modules and files, and no documentation', () => {
    const scan = scanSource(
      '"""a.b.c"""\nX = {"k": "d.e:F"}\nopens = "x.json", "/etc/x.conf"\ndef f(a: "g.h"):\n  "i.j"\n',
    );
    expect(scan.dotted).toEqual([
      ['d.e:F', 2],
      ['x.json', 3],
    ]);
    expect(scan.fileNames).toEqual(['x.json']);
    expect(scan.absolute).toEqual([['/etc/x.conf', 3]]);
    expect(scan.constants['X']).toEqual(['k', 'd.e:F']);
  });
});

describe('leaving out what says nothing', () => {
  it('keeps line numbers and whole statements', () => {
    const source =
      'x = 1\ndef f():\n  y = 2\n  if y:\n    import a\n  else:\n    z = 3\n  return y\ntry:\n  q()\nexcept E:\n  import b\n';
    const text = condense(source) ?? '';
    expect(text.split('\n')[4]).toBe('    import a');
    expect(text).not.toContain('return');
    expect(text).toMatch(/try: pass\n+except E:\n {2}import b/);
  });

  it.each([['"""open'], ["x = 'open\nimport a"], ['\\x\nimport a']])('gives up on %s', (source) => {
    expect(condense(source)).toBeUndefined();
    expect(() => scanSource(source)).not.toThrow();
  });
});
