import { describe, expect, it } from 'vitest';
import { canRunArchitecture, isHandlerFor, magicOf } from '../../../src/sandbox/emulation.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { openBuilds } from './builds.ts';

/** That no emulator of this machine is for. */
const foreign = process.arch === 's390x' ? 'amd64' : 's390x';
const isForeign = (await canRunArchitecture(foreign, process.env)) !== 'emulated';

/** The header of an ELF program of s390x, or amd64; nothing else. */
function header(): Buffer {
  const bytes = Buffer.alloc(128);
  Buffer.from(`${magicOf(foreign)?.first ?? ''}01`, 'hex').copy(bytes);
  Buffer.from('0002', 'hex').copy(bytes, 16);
  Buffer.from(magicOf(foreign)?.machine ?? '', 'hex').copy(bytes, 18);
  return bytes;
}

describe('a platform that is not the one of this machine', () => {
  const open = async (): Promise<Awaited<ReturnType<typeof openBuilds>>> => {
    const builds = await openBuilds({ 'a.txt': 'a' });
    const base = await makeImage({
      store: builds.store,
      layers: [[{ path: 'bin/' }, { path: 'bin/sh', content: header(), mode: 0o755 }]],
      config: { architecture: foreign },
    });
    await builds.store.tag('foreign:latest', base.descriptor);
    return builds;
  };
  const platform = `linux/${foreign}`;

  it('needs nothing where nothing is run', async () => {
    const { build } = await open();
    const built = await build('FROM foreign\nCOPY a.txt /a\nWORKDIR /w\n', { platform });
    expect(built.image.config.architecture).toBe(foreign);
    expect(built.files).toEqual(expect.arrayContaining(['644 0:0 /a = a', '755 0:0 /w']));
  });

  it.skipIf(!needs('crun') || !isForeign)('needs an emulator to run something', async () => {
    const { build, store } = await open();
    await expect(build('FROM foreign\nCOPY a.txt /a\nRUN true\n', { platform, tags: ['never'] })).rejects.toMatchObject(
      {
        code: 'E_PLATFORM',
        message: expect.stringMatching(
          new RegExp(`Dockerfile:3: .*programs of ${platform} cannot be run here`),
        ) as string,
        hint: expect.stringContaining('binfmt') as string,
      },
    );
    expect(await store.find('never:latest')).toBeUndefined();
  });
});

describe('a handler of binfmt_misc', () => {
  const arm64 = `enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POCF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;

  it.each<[name: string, text: string, architecture: string, expected: boolean]>([
    ['of the architecture', arm64, 'arm64', true],
    ['of another', arm64, 'riscv64', false],
    ['of 32 bits', arm64, 'arm', false],
    ['that is not always there', arm64.replace('POCF', 'POC'), 'arm64', false],
    ['that is switched off', arm64.replace('enabled', 'disabled'), 'arm64', false],
    ['by file name', 'enabled\ninterpreter /usr/bin/x\nflags: F\nextension .exe\n', 'arm64', false],
    [
      'of big bytes',
      'enabled\ninterpreter /q\nflags: F\noffset 0\nmagic 7f454c4602020100000000000000000000020016\n',
      's390x',
      true,
    ],
  ])('%s', (_name, text, architecture, expected) => {
    const magic = magicOf(architecture);
    expect(magic !== undefined && isHandlerFor(text, magic)).toBe(expected);
  });

  it('is not needed for the own architecture, and for what the processor runs besides', async () => {
    const own = process.arch === 'x64' ? ['amd64', '386'] : process.arch === 'arm64' ? ['arm64', 'arm'] : [];
    for (const architecture of own) expect(await canRunArchitecture(architecture, process.env)).toBe('native');
    expect(await canRunArchitecture('pdp11', process.env)).toBe('unknown');
  });
});
