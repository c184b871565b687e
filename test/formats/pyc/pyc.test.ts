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

/** Compiles the modules of the interpreter's library under one name into a folder, and says their file names. */
const LIBRARY = `
import glob, importlib._bootstrap_external as b, os, sys
root = os.path.dirname(os.__file__)
for i, path in enumerate(sorted(glob.glob(root + '/*.py') + glob.glob(root + '/asyncio/*.py'))):
    code = compile(open(path, 'rb').read(), '/some/where/mod.py', 'exec', dont_inherit=True)
    open(f'{sys.argv[1]}/{i}.pyc', 'wb').write(b._code_to_timestamp_pyc(code, 0, 0))
    print(f'{i}.pyc')
`;
/** Compares what is in the folder with the same modules compiled under the other name. */
const RENAMED = `
import glob, marshal, os, sys
root = os.path.dirname(os.__file__)
same = 0
for i, path in enumerate(sorted(glob.glob(root + '/*.py') + glob.glob(root + '/asyncio/*.py'))):
    code = compile(open(path, 'rb').read(), '/new/mod.py', 'exec', dont_inherit=True)
    stack = [(code, marshal.loads(open(f'{sys.argv[1]}/{i}.pyc', 'rb').read()[16:]))]
    while stack:
        a, b = stack.pop()
        assert a == b and a.co_filename == b.co_filename, path
        stack += [p for p in zip(a.co_consts, b.co_consts) if hasattr(p[0], 'co_code')]
    same += 1
print(same, 'as they were')
`;

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
  const text = (type: string, value: string, bit = 0): Buffer =>
    Buffer.concat([Buffer.from([type.charCodeAt(0) | bit, value.length]), Buffer.from(value)]);
  const REFERRED = 0x80;
  const NONE = Buffer.from('N');

  /** Code of nothing, as each version lays it out: `parts` are its numbers, the objects before the name, between it and the line, behind. */
  function code(
    parts: readonly [number, number, number, number],
    name: Uint8Array,
    constant: Uint8Array = NONE,
  ): Buffer {
    const [numbers, before, between, behind] = parts;
    const objects = (count: number): Buffer => Buffer.alloc(count, NONE);
    return Buffer.concat([
      Buffer.from([0xe3]),
      Buffer.alloc(numbers * 4, 0xff),
      constant,
      objects(before - 1),
      name,
      objects(between),
      Buffer.alloc(4, 0xff),
      objects(behind),
    ]);
  }
  const V311 = [5, 5, 2, 2] as const;
  const HERE = '/home/me/x/mod.py';
  const THERE = '/usr/mod.py';
  /** A length of 56 before `/venv…` is the letter 8: it only looks like a text of its own. */
  const TRAP = '/home/new-abcz8/venv/lib/python3.11/site-packages/blinker/_utilities.py';

  it.each<[string, number, Buffer, Buffer | undefined]>([
    ['3.7', 3394, code([5, 6, 1, 1], text('z', HERE)), code([5, 6, 1, 1], text('z', THERE))],
    ['3.8', 3413, code([6, 6, 1, 1], text('z', HERE)), code([6, 6, 1, 1], text('z', THERE))],
    ['3.10', 3439, code([6, 6, 1, 1], text('Z', HERE)), code([6, 6, 1, 1], text('Z', THERE))],
    ['3.11', 3495, code(V311, text('z', HERE, REFERRED)), code(V311, text('z', THERE, REFERRED))],
    ['3.14', 3627, code(V311, text('Z', HERE)), code(V311, text('Z', THERE))],
    [
      'code in the constants of code, and a name that refers to another',
      3495,
      code(
        V311,
        text('z', HERE),
        Buffer.concat([Buffer.from([0x29, 1]), code(V311, Buffer.from('r\x01\0\0\0', 'latin1'))]),
      ),
      code(
        V311,
        text('z', THERE),
        Buffer.concat([Buffer.from([0x29, 1]), code(V311, Buffer.from('r\x01\0\0\0', 'latin1'))]),
      ),
    ],
    ['a text that is no name of a file', 3495, code(V311, text('z', 'x'), text('z', HERE)), undefined],
    ['a longer text', 3495, code(V311, text('z', `${HERE}:12`)), undefined],
    ['no absolute path', 3495, code(V311, text('z', 'x/mod.py')), undefined],
    ['a layout that no release has', 3451, code(V311, text('z', HERE)), undefined],
    ['bytes behind the end', 3495, Buffer.concat([code(V311, text('z', HERE)), NONE]), undefined],
    ['an end before the end', 3495, code(V311, text('z', HERE)).subarray(0, -1), undefined],
    [
      'a count of objects that cannot be',
      3495,
      code(V311, text('z', HERE), Buffer.from('(\xff\xff\xff\x7f', 'latin1')),
      undefined,
    ],
  ])('%s', (_what, magic, bytes, expected) => {
    const head = header(magic, 1);
    const made = Buffer.from(renamedPyc(Buffer.concat([head, bytes]), '/mod.py', THERE));
    expect(made).toEqual(Buffer.concat([head, expected ?? bytes]));
  });

  it.each<[string, Buffer]>([
    ['numbers', Buffer.from('i\0\0\0\0', 'latin1')],
    ['long ones', Buffer.from('l\xfe\xff\xff\xff1234', 'latin1')],
    ['floating ones', Buffer.from('g12345678', 'latin1')],
    ['complex ones', Buffer.from('y1234567812345678', 'latin1')],
    ['bytes', Buffer.from('s\x03\0\0\0abc', 'latin1')],
    ['long texts', Buffer.from('u\x02\0\0\0\xc3\xa4', 'latin1')],
    ['sets', Buffer.from('>\x02\0\0\0TF', 'latin1')],
    ['slices', Buffer.from(':NNi\0\0\0\0', 'latin1')],
    ['pairs', Buffer.from('{NTFS0', 'latin1')],
    ['tuples', Buffer.from('(\x02\0\0\0)\0.', 'latin1')],
  ])('%s are passed over', (_what, constant) => {
    const at = (name: string): Buffer => Buffer.concat([header(3495, 1), code(V311, text('z', name), constant)]);
    expect(Buffer.from(renamedPyc(at(HERE), '/mod.py', THERE))).toEqual(at(THERE));
  });

  it('is a whole text, whatever its letters look like', () => {
    const at = (name: string): Buffer => Buffer.concat([header(3495, 1), code(V311, text('z', name))]);
    const suffix = '/site-packages/blinker/_utilities.py';
    expect(Buffer.from(renamedPyc(at(TRAP), suffix, THERE))).toEqual(at(THERE));
  });

  it.skipIf(!needs('python3'))(
    'python reads every module of its own library after a change of names',
    { timeout: 60_000 },
    () => {
      const dir = tempDir();
      const list = execFileSync('python3', ['-c', LIBRARY, dir], { encoding: 'utf8' }).split('\n').filter(Boolean);
      expect(list.length).toBeGreaterThan(100);
      for (const name of list) {
        const bytes = readFileSync(join(dir, name));
        writeFileSync(join(dir, name), renamedPyc(bytes, '/mod.py', '/new/mod.py'));
      }
      expect(execFileSync('python3', ['-c', RENAMED, dir], { encoding: 'utf8' })).toBe(`${list.length} as they were\n`);
    },
  );

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
