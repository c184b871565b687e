import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeProfile, readProfile, writeProfile } from '../../../src/evidence/observed/index.ts';
import { tempDir } from '../../helpers/temp.ts';
import { profileWith } from './profiles.ts';

const signal = new AbortController().signal;
const PROFILE = profileWith([{ path: '/a' }]);

describe('profiles on disk', () => {
  it('are read as they were written, and replaced as a whole', async () => {
    const dir = tempDir();
    const file = join(dir, 'app.profile.json');
    writeFileSync(file, 'old');
    await writeProfile(file, PROFILE, signal);
    expect(await readProfile(file)).toEqual(PROFILE);
    expect(readFileSync(file)).toEqual(Buffer.from(encodeProfile(PROFILE)));
    expect(readdirSync(dir)).toEqual(['app.profile.json']);
  });

  it('stay as they were when it is stopped', async () => {
    const dir = tempDir();
    const file = join(dir, 'app.profile.json');
    writeFileSync(file, 'old');
    await expect(writeProfile(file, PROFILE, AbortSignal.abort())).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['app.profile.json']);
  });

  it.each<[what: string, make: (dir: string) => string, code: string]>([
    ['no file', (dir) => join(dir, 'none'), 'E_PATH_NOT_FOUND'],
    ['a folder', (dir) => dir, 'E_NOT_FILE'],
    ['a path through a file', (dir) => (writeFileSync(join(dir, 'f'), ''), join(dir, 'f/x')), 'E_NOT_DIRECTORY'],
    ['a circle of links', (dir) => (symlinkSync('l', join(dir, 'l')), join(dir, 'l')), 'E_LOOP'],
    ['something else', (dir) => (writeFileSync(join(dir, 'f'), '{}'), join(dir, 'f')), 'E_PROFILE'],
    ['an endless device', () => '/dev/zero', 'E_NOT_FILE'],
    ['no name', () => '', 'E_USAGE'],
    ['a name with a NUL', () => 'a\0b', 'E_USAGE'],
  ])('%s is not read', async (_what, make, code) => {
    await expect(readProfile(make(tempDir()))).rejects.toMatchObject({ code });
  });

  it('name the file in the message', async () => {
    const file = join(tempDir(), 'x.json');
    writeFileSync(file, '{"tareProfile":1,"paths":[1]}');
    await expect(readProfile(file)).rejects.toThrow(`the profile "${file}" is not valid: "platforms" is not a list`);
  });

  it.each<[what: string, make: (dir: string) => string, code: string]>([
    ['a folder', (dir) => dir, 'E_EXISTS'],
    ['a device', () => '/dev/null', 'E_EXISTS'],
    ['a folder that is missing', (dir) => join(dir, 'none/x'), 'E_PATH_NOT_FOUND'],
    ['no name', () => '', 'E_USAGE'],
  ])('%s is not written to', async (_what, make, code) => {
    await expect(writeProfile(make(tempDir()), PROFILE, signal)).rejects.toMatchObject({ code });
  });
});
