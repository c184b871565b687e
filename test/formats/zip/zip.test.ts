import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { METHOD_DEFLATE, METHOD_STORE, readZipDirectory, zipDataOffset } from '../../../src/formats/zip/index.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { buildZip } from '../../helpers/zip-builder.ts';

const readerOf = (bytes: Uint8Array) => (offset: number, size: number) => {
  expect(offset).toBeGreaterThanOrEqual(0);
  expect(offset + size).toBeLessThanOrEqual(bytes.length);
  return Promise.resolve(bytes.subarray(offset, offset + size));
};

async function contents(bytes: Uint8Array): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const member of await readZipDirectory(readerOf(bytes), bytes.length)) {
    const start = await zipDataOffset(readerOf(bytes), bytes.length, member);
    const data = bytes.subarray(start, start + member.compressedSize);
    expect([METHOD_STORE, METHOD_DEFLATE]).toContain(member.method);
    out[member.name] = (member.method === METHOD_STORE ? Buffer.from(data) : inflateRawSync(data)).toString('latin1');
  }
  return out;
}

const code = async (bytes: Uint8Array): Promise<string> => {
  try {
    await contents(bytes);
    return 'fine';
  } catch (error) {
    if (isTareError(error)) return error.code;
    throw error;
  }
};

describe('a ZIP archive', () => {
  const files = { 'a.txt': 'hello', 'd/b.txt': 'x'.repeat(5000), 'd/empty': '' };

  it('is read as it was written', async () => {
    expect(await contents(buildZip(files))).toEqual(files);
  });

  it('may have something in front, a comment behind, or 64-bit numbers', async () => {
    expect(await contents(Buffer.concat([Buffer.from('#!/bin/sh\nexit\n'), buildZip(files)]))).toEqual(files);
    expect(await contents(buildZip(files, { comment: 'PK\x05\x06 is no end' }))).toEqual(files);
    expect(await contents(buildZip(files, { zip64: true }))).toEqual(files);
    expect(await contents(buildZip({}))).toEqual({});
  });

  it.skipIf(!needs('zip'))('of zip(1) is read', async () => {
    const dir = tempDir();
    for (const name of ['one', 'two']) writeFileSync(join(dir, name), name.repeat(1000));
    execFileSync('zip', ['-q', '-X', 'out.zip', 'one', 'two'], { cwd: dir });
    expect(await contents(readFileSync(join(dir, 'out.zip')))).toEqual({
      one: 'one'.repeat(1000),
      two: 'two'.repeat(1000),
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('no archive at all, but long enough for an end record')],
    ['one cut off', buildZip(files).subarray(0, 100)],
    ['an end without a directory', buildZip(files).subarray(-22)],
    ['a member outside', buildZip(files, { headerOffset: 0x7fffffff })],
    ['a directory that is larger than the file', buildZip(files, { directorySize: 0x7fffffff })],
    ['fewer members than it says', buildZip(files, { members: 9 })],
    ['a 64-bit end that is not there', buildZip(files, { zip64: true, end64At: 1 << 30 })],
  ])('is none: %s', async (_name, bytes) => {
    expect(await code(bytes)).toBe('E_ZIP');
  });

  it('that is damaged is read or refused, never worse', async () => {
    const whole = buildZip(files, { zip64: true });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), async (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        for (const member of await readZipDirectory(readerOf(bytes), bytes.length).catch((error: unknown) => {
          expect(isTareError(error, 'E_ZIP') || isTareError(error, 'E_LIMIT')).toBe(true);
          return [];
        }))
          await zipDataOffset(readerOf(bytes), bytes.length, member).catch((error: unknown) => {
            expect(isTareError(error, 'E_ZIP')).toBe(true);
          });
      }),
    );
  });
});
