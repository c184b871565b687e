import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutDots } from '../../../src/sandbox/trace/asked-path.ts';
import { accessesOfOpen } from '../../../src/sandbox/trace/path-syscalls.ts';
import { decodeObservation, encodeObservation, NO_PROGRAM, recording } from '../../../src/sandbox/trace/recording.ts';
import type { Access } from '../../../src/sandbox/types.ts';
import { FRAME, frame, frameReader } from '../../../src/sandbox/trace/watcher-protocol.ts';

const byteString = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => `/${Buffer.from(bytes.map((byte) => (byte === 0 ? 1 : byte))).toString('latin1')}`);
const how = fc.constantFrom<Access>('chdir', 'exec', 'list', 'open', 'readlink', 'remove', 'stat', 'watch', 'write');

const isWellFormed = (text: string): boolean => Buffer.from(text, 'utf8').toString('utf8') === text;

it('sends any observation through bytes unchanged', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          byteString,
          how,
          byteString,
          fc.string().map((text) => text.replaceAll('\0', '')),
        ),
      ),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 65_535 })),
      (asked, syscalls, ports) => {
        const record = recording({ syscalls });
        for (const [path, access, program, phase] of asked) {
          // Lone surrogates cannot be written as UTF-8; JSON text on the way in never has them.
          if (isWellFormed(phase)) record.mark(phase);
          record.path(path, access, record.program(program));
        }
        ports.forEach(record.port);
        record.syscall('chmod');
        const result = record.result();
        expect(decodeObservation(Buffer.concat([...encodeObservation(result)]))).toEqual(result);
      },
    ),
    { numRuns: 200 },
  );
});

it('sorts by bytes, and joins what is asked for again', () => {
  const record = recording({ syscalls: false });
  record.path('/b', 'stat', record.program('/z'));
  record.mark('later');
  record.path('/\xff', 'open', NO_PROGRAM);
  record.path('/b', 'open', record.program('/a'));
  record.path('/b', 'open', record.program('/z'));
  record.path('/a', 'list', NO_PROGRAM);
  expect(record.result()).toEqual({
    paths: [
      { path: '/a', how: ['list'], by: [], phase: 'later' },
      { path: '/b', how: ['open', 'stat'], by: ['/a', '/z'], phase: 'start' },
      { path: '/\xff', how: ['open'], by: [], phase: 'later' },
    ],
    ports: [],
  });
});

it('keeps no more than it should, and says so', () => {
  const record = recording({ syscalls: false });
  const name = 'x'.repeat(4000);
  for (let index = 0; index < 30_000; index += 1) record.path(`/${index}/${name}`, 'stat', NO_PROGRAM);
  const { incomplete, paths } = record.result();
  expect(incomplete).toMatch(/^more than \d+ different paths/);
  expect(paths.reduce((sum, { path }) => sum + path.length, 0)).toBeLessThanOrEqual(48 * 1024 * 1024);
  for (let index = 0; index < 40; index += 1) record.path('/0/' + name, 'stat', record.program(`/p${index}`));
  expect(record.result().paths.find(({ path }) => path === `/0/${name}`)?.by.length).toBeLessThanOrEqual(16);
});

it.each([
  ['/', '/'],
  ['//', '/'],
  ['/.', '/'],
  ['/a/b', '/a/b'],
  ['/a//b/./c/', '/a/b/c'],
  ['/a/../b/..', '/a/../b/..'],
  ['/.a/b.', '/.a/b.'],
  ['/a/.', '/a'],
  ['/./', '/'],
])('cleans %j', (path, expected) => {
  expect(withoutDots(path)).toBe(expected);
});

it.each([
  [0o0, ['open']],
  [0o200000, ['open']],
  [0o1, ['write']],
  [0o2, ['open', 'write']],
  [0o100, ['open', 'write']],
  [0o1002, ['write']],
  [0o1101, ['write']],
])('knows what open(%i) does', (flags, expected) => {
  expect(accessesOfOpen(flags)).toEqual(expected);
});

it('finds frames however the stream is cut', () => {
  const all = Buffer.concat([frame(FRAME.marked), frame(FRAME.part, Buffer.from('abc')), frame(FRAME.end)]);
  for (let size = 1; size <= all.length; size += 1) {
    const found: [number, string][] = [];
    const read = frameReader((kind, content) => void found.push([kind, content.toString()]));
    for (let at = 0; at < all.length; at += size) read(all.subarray(at, at + size));
    expect(found).toEqual([
      [FRAME.marked, ''],
      [FRAME.part, 'abc'],
      [FRAME.end, ''],
    ]);
  }
  expect(() => frameReader(() => undefined)(Buffer.from([255, 255, 255, 255, 1]))).toThrow('too long');
});
