import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPycHeader, renamedPyc, uncheckedPyc } from '../../../src/formats/pyc/index.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const SOURCE = 'def where():\n    return (lambda: where.__code__.co_filename)()\nTEXT = "value"\n';

/** A module that python itself has compiled: where the source and the compiled file are. */
function compiled(folder = tempDir()): { dir: string; source: string; file: string } {
  const source = join(folder, 'mod.py');
  writeFileSync(source, SOURCE);
  const code = 'import py_compile, sys; print(py_compile.compile(sys.argv[1], doraise=True))';
  const file = execFileSync('python3', ['-c', code, source], { encoding: 'utf8' }).trim();
  return { dir: folder, source, file };
}

function header(magic: number, flags: number, rest: readonly [number, number] = [0, 0]): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(magic + 0x0a0d0000, 0);
  bytes.writeUInt32LE(flags, 4);
  rest.forEach((value, index) => bytes.writeUInt32LE(value, 8 + 4 * index));
  return bytes;
}

describe('the header of a compiled module', () => {
  it.each([
    [header(3495, 0, [1_700_000_000, 42]), { magic: 3495, checks: 'time', mtime: 1_700_000_000, size: 42 }],
    [header(3495, 1, [7, 7]), { magic: 3495, checks: 'nothing', mtime: 0, size: 0 }],
    [header(3495, 3, [7, 7]), { magic: 3495, checks: 'hash', mtime: 0, size: 0 }],
    [header(3495, 2), undefined],
    [header(3495, 0x100), undefined],
    [header(3379, 0), undefined], // Python 3.6 has no flags
    [header(62_211, 0), undefined], // Python 2.7
    [header(3495, 0).subarray(0, 15), undefined],
    [Buffer.from('print("hello, world")\n'), undefined],
  ])('%#', (bytes, expected) => {
    expect(readPycHeader(bytes)).toEqual(expected);
  });

  it('loses the time and keeps the magic number and the code', () => {
    const bytes = Buffer.concat([header(3495, 0, [1, 2]), Buffer.from('code')]);
    const made = Buffer.from(uncheckedPyc(bytes));
    expect(made.subarray(0, 4)).toEqual(bytes.subarray(0, 4));
    expect(made.subarray(4, 16).toString('hex')).toBe('010000000000000000000000');
    expect(made.subarray(16).toString()).toBe('code');
    expect(bytes.readUInt32LE(8)).toBe(1);
  });

  it('any bytes at all are read, or left as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const made = uncheckedPyc(bytes);
        expect(made).toHaveLength(bytes.length);
        if (readPycHeader(bytes) === undefined) expect(made).toBe(bytes);
        expect(renamedPyc(bytes, '/a.py', '/b.py').length).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the name of the source', () => {
  const text = (type: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([type, value.length]), Buffer.from(value)]);

  it.each([
    ['a short text', text(0xfa, '/home/me/x/mod.py'), text(0xfa, '/usr/mod.py')],
    ['an interned one', text(0x5a, '/home/me/x/mod.py'), text(0x5a, '/usr/mod.py')],
    ['a part of a longer text stays', text(0xfa, '/home/me/x/mod.py:12'), undefined],
    ['what is no absolute path stays', text(0xfa, 'x/mod.py'), undefined],
    ['other types stay', text(0x73, '/home/me/x/mod.py'), undefined],
  ])('%s', (_what, bytes, expected) => {
    const around = (inner: Uint8Array): Buffer =>
      Buffer.concat([Buffer.from([1, 2, 3, 4, 5]), inner, Buffer.from('.')]);
    expect(Buffer.from(renamedPyc(around(bytes), '/mod.py', '/usr/mod.py'))).toEqual(around(expected ?? bytes));
  });

  it.skipIf(!needs('python3')).each([['/usr/lib/mod.py'], [`/${'long/'.repeat(80)}mod.py`], ['/ä/mod.py']])(
    'python reads what was renamed to %s, although the source is newer',
    (name) => {
      const { dir, file, source } = compiled(join(mkdirIn(tempDir(), 'some-folder')));
      const bytes = uncheckedPyc(readFileSync(file));
      writeFileSync(file, renamedPyc(bytes, '/mod.py', Buffer.from(name).toString('latin1')));
      writeFileSync(source, 'raise SystemExit("compiled anew")\n');
      utimesSync(source, 0, 0);
      // Its source is found under another name, and an import corrects the names; a module that is loaded by hand shows what is in the file.
      const code =
        'import marshal, sys; print(marshal.loads(open(sys.argv[1], "rb").read()[16:]).co_filename); sys.path.insert(0, sys.argv[2]); import mod; print(mod.TEXT)';
      const said = execFileSync('python3', ['-B', '-X', 'utf8', '-c', code, file, dir], { encoding: 'utf8' });
      expect(said).toBe(`${name}\nvalue\n`);
      renameSync(file, `${file}.gone`);
    },
  );
});

function mkdirIn(dir: string, name: string): string {
  mkdirSync(join(dir, name));
  return join(dir, name);
}
