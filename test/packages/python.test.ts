import { describe, expect, it } from 'vitest';
import { recordsOf } from './records.ts';

const SITE = '/usr/local/lib/python3.11/site-packages';
const METADATA = `Metadata-Version: 2.1
Name: Odd-Name
Version: 1.2.3
Summary: does things
License: MIT
 and more
Requires-Dist: other

# Prose
Name: not this
`;
const RECORD = `odd_name/__init__.py,sha256=abc,12
odd_name/sub/mod.py,sha256=def,3
odd_name/__pycache__/__init__.cpython-311.pyc,,
"odd_name/a,""b"".py",sha256=x,1
../../../bin/odd,sha256=x,1
odd_name-1.2.3.dist-info/METADATA,,
odd_name-1.2.3.dist-info/RECORD,,
../../../../../../../etc/passwd,,
`;
const FILES = {
  [`${SITE}/odd_name-1.2.3.dist-info/METADATA`]: METADATA,
  [`${SITE}/odd_name-1.2.3.dist-info/RECORD`]: RECORD,
  [`${SITE}/odd_name-1.2.3.dist-info/INSTALLER`]: 'pip',
  [`${SITE}/odd_name/__init__.py`]: '',
  [`${SITE}/odd_name/sub/mod.py`]: '',
  [`${SITE}/odd_name/sub/__pycache__/mod.cpython-311.pyc`]: '',
  [`${SITE}/odd_name/a,"b".py`]: '',
  '/usr/local/bin/odd': '#!/usr/bin/python3',
  '/etc/passwd': '',
  [`${SITE}/egg.egg-info/PKG-INFO`]: 'Name: egg\nVersion: 2\n',
  [`${SITE}/egg.egg-info/top_level.txt`]: 'egg\n_egg\n../evil\n',
  [`${SITE}/egg/x.py`]: '',
  [`${SITE}/_egg.py`]: '',
  '/usr/lib/python3/dist-packages/flat-3.egg-info': 'Metadata-Version: 1.0\nName: flat\nVersion: 3\n',
  '/usr/lib/python3/dist-packages/flat/y.py': '',
} as const;

describe('python', () => {
  it.each<[string, string | undefined]>([
    [`${SITE}/odd_name/__init__.py`, 'python Odd-Name 1.2.3'],
    [`${SITE}/odd_name/a,"b".py`, 'python Odd-Name 1.2.3'],
    // Compiled after the installation: in no RECORD.
    [`${SITE}/odd_name/sub/__pycache__/mod.cpython-311.pyc`, 'python Odd-Name 1.2.3'],
    [`${SITE}/odd_name-1.2.3.dist-info/INSTALLER`, 'python Odd-Name 1.2.3'],
    ['/usr/local/bin/odd', 'python Odd-Name 1.2.3'],
    ['/etc/passwd', undefined],
    [`${SITE}/egg/x.py`, 'python egg 2'],
    [`${SITE}/_egg.py`, 'python egg 2'],
    [`${SITE}/egg.egg-info/PKG-INFO`, 'python egg 2'],
    ['/usr/lib/python3/dist-packages/flat/y.py', 'python flat 3'],
    ['/usr/lib/python3/dist-packages/flat-3.egg-info', 'python flat 3'],
    [SITE, undefined],
  ])('owner of %s', async (path, expected) => {
    expect((await recordsOf(FILES)).owner(path)).toBe(expected);
    expect((await recordsOf(FILES, {})).owner(path)).toBe(expected);
  });

  it('is asked before the package manager of the system', async () => {
    const found = await recordsOf({
      ...FILES,
      '/var/lib/dpkg/status': 'Package: python3-flat\nVersion: 3-1\n',
      '/var/lib/dpkg/info/python3-flat.list': '/usr/lib/python3/dist-packages/flat/y.py\n/usr/share/doc/flat\n',
      '/usr/share/doc/flat': 'x',
    });
    expect(found.owner('/usr/lib/python3/dist-packages/flat/y.py')).toBe('python flat 3');
    expect(found.owner('/usr/share/doc/flat')).toBe('dpkg python3-flat 3-1');
  });

  it('reduces to headers and to the lines of what is kept', async () => {
    const { reduced } = await recordsOf(FILES);
    expect(await reduced(`${SITE}/odd_name/a,"b".py`, '/usr/local/bin/odd')).toEqual({
      [`${SITE}/odd_name-1.2.3.dist-info/METADATA`]:
        'Metadata-Version: 2.1\nName: Odd-Name\nVersion: 1.2.3\nLicense: MIT\n and more\n',
      [`${SITE}/odd_name-1.2.3.dist-info/RECORD`]: '"odd_name/a,""b"".py",sha256=x,1\n../../../bin/odd,sha256=x,1\n',
    });
    expect(await reduced(`${SITE}/odd_name-1.2.3.dist-info/METADATA`)).toEqual({});
    expect(
      Object.keys(await reduced(`${SITE}/odd_name/__init__.py`, `${SITE}/odd_name-1.2.3.dist-info/METADATA`)),
    ).toEqual([`${SITE}/odd_name-1.2.3.dist-info/RECORD`]);
  });

  it('takes what it can from hostile records', async () => {
    const found = await recordsOf({
      [`${SITE}/empty-1.dist-info/METADATA`]: '',
      [`${SITE}/empty-1.dist-info/RECORD`]: '"unclosed\n,,\n\n""""\n../../../../../../../..\n',
      [`${SITE}/none.dist-info/RECORD`]: 'x.py,,\n',
      [`${SITE}/loop.egg-info/installed-files.txt`]: '../../../../../../../../../etc/passwd\n',
      [`${SITE}/loop.egg-info/PKG-INFO`]: { link: 'PKG-INFO' },
      [`${SITE}/x.py`]: '',
    });
    expect(found.warnings).toEqual([]);
    expect(found.dbs[0]?.packages.map((pkg) => `${pkg.name} ${pkg.version}`)).toEqual(['empty 1']);
    expect(found.owner(`${SITE}/x.py`)).toBeUndefined();
  });
});
