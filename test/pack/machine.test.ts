import { execFileSync } from 'node:child_process';
import { ftruncateSync, openSync, closeSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { noise } from '../helpers/pack.ts';
import { tempDir } from '../helpers/temp.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Packs a file of the host in a process of its own; prints the layer and the most memory that the process ever had. */
const SCRIPT = `
  import { readFileSync, statSync } from 'node:fs';
  const [dist, home, path, compression] = process.argv.slice(-4);
  const { packLayer, parseCompression } = await import(dist + 'pack/index.js');
  const { createContext } = await import(dist + 'base/context.js');
  const { openStore } = await import(dist + 'store/index.js');
  const { size } = statSync(path);
  const entry = { path: '/x', type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0, content: { in: 'host', path, size } };
  const layer = await packLayer({ entries: [entry], content: {}, store: await openStore({ home }), compression: parseCompression(compression), epoch: 0, ctx: createContext() });
  const peak = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
  console.log(JSON.stringify({ digest: layer.descriptor.digest, version: process.versions.node, peak }));`;

interface Said {
  readonly digest: string;
  readonly version: string;
  /** KiB. */
  readonly peak: number;
}

function packIn(
  command: readonly string[],
  path: string,
  options: { compression?: string; umask?: string } = {},
): Said {
  const home = join(tempDir(), 'home');
  const { compression = 'gzip:6', umask = '022' } = options;
  const argv = [...command, '--input-type=module', '-e', SCRIPT, dist, home, path, compression];
  const out = execFileSync('sh', ['-c', `umask ${umask} && exec "$@"`, 'sh', ...argv], { encoding: 'utf8' });
  return JSON.parse(out) as Said;
}

/** Whether npx can get the current LTS: from its cache, or from a registry. */
function node24(): readonly string[] | undefined {
  const command = ['npx', '-y', '-p', 'node@24', 'node'];
  try {
    const version = execFileSync('npx', [...command.slice(1), '--version'], {
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 120_000,
    });
    return version.startsWith('v24.') ? command : undefined;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  }
}

describe('packing', () => {
  it('gives the same bytes under another umask', () => {
    const path = join(tempDir(), 'data');
    writeFileSync(path, noise(6_000_000));
    expect(packIn([process.execPath], path, { umask: '077' }).digest).toBe(packIn([process.execPath], path).digest);
  });

  const other = node24();
  it.skipIf(other === undefined).each(['gzip:6', 'gzip:12', 'zstd:3'])(
    'gives the same bytes on Node 24 (%s)',
    (compression) => {
      const path = join(tempDir(), 'data');
      writeFileSync(path, noise(6_000_000));
      const there = packIn(other ?? [], path, { compression });
      expect(there.version).toMatch(/^24\./);
      expect(there.digest).toBe(packIn([process.execPath], path, { compression }).digest);
    },
    180_000,
  );

  it.skipIf(process.platform !== 'linux')('needs no more memory for a large file', () => {
    const path = join(tempDir(), 'data');
    const fd = openSync(path, 'w');
    writeSync(fd, noise(30_000_000));
    ftruncateSync(fd, 400_000_000);
    closeSync(fd);
    expect(packIn([process.execPath], path).peak * 1024).toBeLessThan(300_000_000);
  });
});
