import { describe, expect, it } from 'vitest';
import { scanSource } from '../../../src/evidence/python/scan/scan.ts';
import { PACKAGES as P, pythonClosure, smallPython } from '../../helpers/python-closure.ts';

const MANY = 200_000;

describe('hostile sources end', () => {
  it.each<[name: string, source: string]>([
    ['brackets', '('.repeat(MANY)],
    ['brackets around an import', `${'['.repeat(MANY)}import a`],
    ['attributes', `a${'.b'.repeat(MANY)}(__file__)`],
    ['calls', `import_module${'()'.repeat(MANY)}`],
    ['sums of alternatives', `a = "x"\n${'a = a + a\n'.repeat(2000)}import_module(a)`],
    ['many values of a name', `${'a = __file__ + "x"\n'.repeat(20_000)}open(a)`],
    [
      'paths from paths',
      Array.from({ length: 5000 }, (_, at) => `p${at + 1} = p${at} / "x"`).join('\n') + '\np0 = __file__',
    ],
    ['format strings in format strings', `import_module(${'f"{'.repeat(5000)}`],
    ['quotes', '\'"'.repeat(MANY)],
    ['dedents', Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}if x:`).join('\n')],
    ['branches', `if a: pass\n${'elif b: import c\n'.repeat(20_000)}`],
    ['names in one import', `from a import ${'b, '.repeat(MANY)}c`],
    ['bytes', Buffer.from(Array.from({ length: MANY }, (_, at) => at % 256)).toString('latin1')],
  ])('%s', (_name, source) => {
    expect(Array.isArray(scanSource(source).imports)).toBe(true);
  });
});

describe('hostile trees end', () => {
  it('modules that import each other, and links in circles', async () => {
    const { paths } = await pythonClosure(
      smallPython({
        '/app/main.py': 'import a, loop',
        [`${P}/a/__init__.py`]: 'from .b import *',
        [`${P}/a/b.py`]: 'from . import *\nfrom .. import x\nfrom ........ import y',
        [`${P}/loop.py`]: { link: 'loop.py' },
        [`${P}/x.pth`]: 'import x; '.repeat(10_000),
        [`${P}/y.pth`]: '/\n.\n..\n/app/../../..\n\0\n'.repeat(5000),
      }),
      { argv: ['python3', 'main.py'] },
    );
    expect(paths).toContain(`${P}/a/b.py`);
  });

  it('a source that is too large is kept and said to be unread', async () => {
    const { paths, warnings } = await pythonClosure(
      smallPython({
        '/app/main.py': 'import big',
        '/app/big.py': `import a\n${'#'.repeat(9 * 1024 * 1024)}`,
        '/app/a.py': '',
      }),
      { argv: ['python3', 'main.py'] },
    );
    expect(paths).toContain('/app/big.py');
    expect(paths).not.toContain('/app/a.py');
    expect(warnings.map(({ code }) => code)).toEqual(['python-too-large']);
  });

  it.each([
    ['no library', { '/usr/bin/python3': { content: '\u007fELF', mode: 0o755 }, '/app/main.py': 'import a' }],
    [
      'a venv of nothing',
      {
        '/usr/bin/python3': { content: '\u007fELF', mode: 0o755 },
        '/usr/bin/pyvenv.cfg': 'home = ../../..\nhome',
        '/app/main.py': '',
      },
    ],
  ])('%s', async (_name, files) => {
    const { paths } = await pythonClosure(files, { argv: ['python3', 'main.py'] });
    expect(paths).toContain('/usr/bin/python3');
  });
});
