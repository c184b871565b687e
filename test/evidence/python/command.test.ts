import { describe, expect, it } from 'vitest';
import { isPython, parsePythonArgs } from '../../../src/evidence/python/command.ts';

describe('the command line of python', () => {
  it.each([
    ['app.py -x', { kind: 'script', path: 'app.py' }, ['-x']],
    ['-u -m pkg.mod a b', { kind: 'module', name: 'pkg.mod' }, ['a', 'b']],
    ['-Im pkg', { kind: 'module', name: 'pkg' }, []],
    ['-mpkg a', { kind: 'module', name: 'pkg' }, ['a']],
    ['-c print', { kind: 'code', text: 'print' }, []],
    ['-W ignore -X dev app.py', { kind: 'script', path: 'app.py' }, []],
    ['-Wignore -Xdev -- app.py', { kind: 'script', path: 'app.py' }, []],
    ['--check-hash-based-pycs never app.py', { kind: 'script', path: 'app.py' }, []],
    ['- x', { kind: 'none' }, ['x']],
    ['', { kind: 'none' }, []],
    ['-m', { kind: 'none' }, []],
  ])('%s', (line, start, args) => {
    expect(parsePythonArgs(line.split(' ').filter(Boolean))).toMatchObject({ start, args });
  });

  it('reads the flags that change where modules come from', () => {
    expect(parsePythonArgs(['-I', 'x'])).toMatchObject({
      ignoresEnvironment: true,
      noUserSite: true,
      safePath: true,
      noSite: false,
    });
    expect(parsePythonArgs(['-sSEOO', 'x'])).toMatchObject({
      ignoresEnvironment: true,
      noSite: true,
      noUserSite: true,
      safePath: false,
      optimize: 2,
    });
  });

  it.each([
    ['python', true],
    ['/usr/bin/python3', true],
    ['python3.13t', true],
    ['/venv/bin/python3.12', true],
    ['pythonw', false],
    ['ipython', false],
    ['python3-config', false],
    [undefined, false],
  ])('%s is python: %s', (name, expected) => expect(isPython(name)).toBe(expected));
});
