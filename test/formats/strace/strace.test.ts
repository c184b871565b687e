import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { straceReader } from '../../../src/formats/strace/calls.ts';
import { createdThread, descriptorValue, fieldValue, stringValue } from '../../../src/formats/strace/values.ts';

const read = (...lines: string[]) => {
  const reader = straceReader();
  return lines.map(reader).filter((event) => event !== undefined);
};

describe('a line', () => {
  it.each([
    [
      '12  1.5 openat(AT_FDCWD</a>, "/b", O_RDONLY|O_CLOEXEC) = 3</b>',
      'openat',
      ['AT_FDCWD</a>', '"/b"', 'O_RDONLY|O_CLOEXEC'],
      '3</b>',
    ],
    ['12 1.5 fork()          = 796', 'fork', [], '796'],
    [
      '12 1.5 stat("a, \\") = 0", 0x7ff) = -1 ENOENT (No such file or directory)',
      'stat',
      ['"a, \\") = 0"', '0x7ff'],
      '-1 ENOENT (No such file or directory)',
    ],
    [
      '12 1.5 execve("/x", ["/x", "a)\\"b"], 0x1 /* 2 vars */) = 0',
      'execve',
      ['"/x"', '["/x", "a)\\"b"]', '0x1 /* 2 vars */'],
      '0',
    ],
    [
      '12 1.5 openat2(3</a\\74b\\76>, "/p", {flags=O_RDONLY, resolve=0}, 24) = -1 E',
      'openat2',
      ['3</a\\74b\\76>', '"/p"', '{flags=O_RDONLY, resolve=0}', '24'],
      '-1 E',
    ],
    ['12 1.5 f(1<<3, 2) = ?', 'f', ['1<<3', '2'], '?'],
  ])('%s', (line, name, args, result) => {
    expect(read(line)).toEqual([{ tid: 12, time: 1.5, name, args, result }]);
  });

  it('may have its second half later', () => {
    const events = read(
      '1 1.0 openat(AT_FDCWD</>, "/x", O_RDONLY <unfinished ...>',
      '2 1.1 vfork( <unfinished ...>',
      '1 1.2 <... openat resumed>) = 3',
      "2 1.3 <... vfork resumed>)              = 2 /* 869 in strace's PID NS */",
      '3 1.4 <... openat resumed>) = 3',
    );
    expect(events).toMatchObject([
      { tid: 1, name: 'openat', args: ['AT_FDCWD</>', '"/x"', 'O_RDONLY'], result: '3' },
      { tid: 2, name: 'vfork', args: [] },
    ]);
  });

  it('may tell the end of a thread, or nothing', () => {
    expect(read('1 1.0 +++ exited with 3 +++')).toEqual([{ tid: 1, exit: 'exited with 3' }]);
    expect(
      read('1 1.0 --- SIGCHLD {si_signo=SIGCHLD} ---', 'strace: hello', '', '1 1.0 open("/x', '1 1.0 open("/x")'),
    ).toEqual([]);
  });

  it('may be anything', () => {
    const reader = straceReader();
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('(', ')', '{', '}', '[', ']', '<', '>', '"', '\\', ',', '=', ' ', 'a', '1'),
        }),
        (text) => {
          reader(`1 1.0 ${text}`);
          reader(`1 1.0 f(${text}`);
        },
      ),
    );
    expect(reader(`1 1.0 open("${'x'.repeat(100_000)}") = 0`)).toBeUndefined();
  });
});

/** As strace writes bytes: printable ones as they are, a few by name, others in octal, short where no digit follows. */
function quoted(bytes: Uint8Array): string {
  const names: Readonly<Record<number, string>> = {
    9: '\\t',
    10: '\\n',
    11: '\\v',
    12: '\\f',
    13: '\\r',
    34: '\\"',
    92: '\\\\',
  };
  const pieces = [...bytes].map((byte, index) => {
    const next = bytes[index + 1] ?? 0;
    const digit = next >= 48 && next <= 57;
    const octal = `\\${byte.toString(8).padStart(digit ? 3 : 1, '0')}`;
    return names[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : octal);
  });
  return `"${pieces.join('')}"`;
}

describe('values', () => {
  it('are unescaped to the bytes that they were', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = quoted(bytes);
        const [event] = read(`1 1.0 open(${text}, 0) = 3`);
        expect(event).toMatchObject({ args: [text, '0'] });
        expect(stringValue(text)).toBe(Buffer.from(bytes).toString('latin1'));
      }),
    );
  });

  it.each([
    ['"/a"...', undefined],
    ['NULL', undefined],
    ['0x7ffd', undefined],
    ['""', ''],
  ])('string %s', (text, expected) => {
    expect(stringValue(text)).toBe(expected);
  });

  it.each([
    ['AT_FDCWD</a b>', '/a b'],
    ['3</a\\74b\\76>', '/a<b>'],
    ['3<socket:[12]>', 'socket:[12]'],
    ['3</gone>(deleted)', undefined],
    ['3</gone (deleted)>', undefined],
    ['AT_FDCWD', undefined],
    ['-1', undefined],
  ])('descriptor %s', (text, expected) => {
    expect(descriptorValue(text)).toBe(expected);
  });

  it.each([
    ['796', 796],
    ["2 /* 869 in strace's PID NS */", 869],
    ['-1 EAGAIN (x)', undefined],
    ['?', undefined],
    ['0', undefined],
  ])('thread %s', (text, expected) => {
    expect(createdThread(text)).toBe(expected);
  });

  it.each([
    ['{sa_family=AF_UNIX, sun_path="/a, }"}', 'sun_path', '"/a, }"'],
    ['{sa_family=AF_UNIX, sun_path=@"abstract"}', 'sun_path', '@"abstract"'],
    ['{sa_family=AF_INET, sin_port=htons(80)}', 'sun_path', undefined],
  ])('field of %s', (text, name, expected) => {
    expect(fieldValue(text, name)).toBe(expected);
  });
});
