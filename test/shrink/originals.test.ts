import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FileRow } from '../../src/explain/files.ts';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import type { VerifyResult } from '../../src/verify/verify.ts';
import { execute, MAIN, tareJson } from '../helpers/cli.ts';
import { needs, needsOtherUser } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAYOUT = process.env['TARE_ORIGINALS'] ?? join(ROOT, '.originals');
const NAMES = ['node-sharp', 'py-flask', 'py-rare'];
const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'mmdebstrap', 'umoci', 'skopeo', 'flock', 'npm');
const NOBODY = 65534;

const config = (name: string): string => join(ROOT, 'examples', name, 'tare.yaml');

/** Originals are made once and then found again; a fresh machine needs some minutes for them. */
describe.skipIf(!available)('an original', () => {
  beforeAll(() => {
    execFileSync(join(ROOT, 'script/originals'), NAMES, { stdio: ['ignore', 'ignore', 'inherit'] });
  }, 900_000);

  const shrink = (name: string, args: readonly string[], home: string): Promise<ShrinkResult> =>
    tareJson<ShrinkResult>(['shrink', `oci:${LAYOUT}:${name}`, ...args], { home, cwd: tempDir() });

  it.each(['node-sharp', 'py-flask'])(
    '%s survives being shrunk by its files alone',
    async (name) => {
      const result = await shrink(name, ['--static', '--config', config(name)], join(tempDir(), 'home'));
      expect(result.repaired).toEqual([]);
      expect(result.profile).toBeNull();
      expect(result.verified?.ok).toBe(true);
      expect(result.verified?.probes.length).toBeGreaterThan(3);
      expect(result.size.disk).toBeLessThan(result.original.size.disk * 0.4);
    },
    180_000,
  );

  it('py-rare names what no probe covers, and is repaired when one does', async () => {
    const home = join(tempDir(), 'home');
    const blind = await shrink('py-rare', ['--name', 'blind'], home);
    const risk = blind.partial.find((item) => item.name === 'iso-codes');
    expect(risk?.dropped.files).toBeGreaterThan(0);
    const alive = await tareJson<VerifyResult>(['verify', 'blind', '--config', config('py-rare'), '--timeout', '5'], {
      home,
      code: 1,
    });
    expect(alive.probes.map((probe) => probe.ok)).toEqual([true, false]);
    const mended = await shrink('py-rare', ['--static', '--config', config('py-rare'), '--name', 'mended'], home);
    const rare = mended.repaired.find((item) => item.because.includes('http GET 8080/rare'));
    expect(rare?.path).toContain('/iso-codes/');
    expect(mended.verified?.ok).toBe(true);
    const watched = await shrink('py-rare', ['--config', config('py-rare'), '--name', 'watched'], home);
    expect(watched.repaired).toEqual([]);
    const kept = (await tareJson<FileRow[]>(['files', 'watched'], { home })).map((row) => row.path);
    expect(kept).toContain(rare?.path);
  }, 240_000);

  it.skipIf(!needsOtherUser('newuidmap'))(
    'py-flask is shrunk by an ordinary user',
    async () => {
      const dir = tempDir();
      chmodSync(dir, 0o755);
      const [home, copy, ids] = [join(dir, 'home'), join(dir, 'copy'), join(dir, 'ids')];
      mkdirSync(home);
      chownSync(home, NOBODY, NOBODY);
      writeFileSync(ids, 'nobody:200000:65536\n');
      execFileSync('skopeo', ['copy', '--quiet', `oci:${LAYOUT}:py-flask`, `oci:${copy}:py-flask`]);
      execFileSync('chmod', ['-R', 'a+rX', copy]);
      const answer = await execute('unshare', [
        '--mount',
        'sh',
        '-c',
        'for file in /etc/subuid /etc/subgid; do mount --bind "$1" "$file" || exit; done; cd "$2"; shift 2; exec "$@"',
        'unprivileged',
        ids,
        home,
        'setpriv',
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        'env',
        `TARE_HOME=${home}`,
        `XDG_RUNTIME_DIR=${home}`,
        process.execPath,
        MAIN,
        'shrink',
        `oci:${copy}:py-flask`,
        '--config',
        config('py-flask'),
        '--json',
      ]);
      expect(answer.stderr).not.toContain('error');
      const result = JSON.parse(answer.stdout) as ShrinkResult;
      expect(result.verified?.probes.map((probe) => probe.ok)).toEqual([true, true, true, true, true]);
    },
    240_000,
  );
});
