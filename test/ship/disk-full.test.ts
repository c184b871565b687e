import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { copy } from '../../src/ship/copy.ts';
import { createContext } from '../../src/base/context.ts';
import { serveRegistry } from '../../src/ship/registry/server.ts';
import { cleanEnvironment, execute, MAIN } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { digestOf } from './registry/fixtures.ts';

const canMount = needs('unshare', 'mount') && process.getuid?.() === 0;
const NAMESPACE = ['--mount', '--propagation', 'private', 'sh', '-c'];

describe.skipIf(!canMount)('a disk that is full', () => {
  it('of a registry: the push is refused, nothing is left, and what fits still goes', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'mnt'));
    const script = `mount -t tmpfs -o size=3m tmpfs ${dir}/mnt && exec "$0" "$@"`;
    const serve = [MAIN, 'registry', 'serve', '--storage', `${dir}/mnt/images`, '--addr', '127.0.0.1:0', '-q'];
    const child = spawn('unshare', [...NAMESPACE, script, process.execPath, ...serve], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: cleanEnvironment(),
    });
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const [told] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /listening on (\S+)/.exec(told.toString('utf8'))?.[1] ?? '';
    const push = async (bytes: Buffer<ArrayBuffer>): Promise<[number, string]> => {
      const target = `${url}/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`;
      const answer = await fetch(target, { method: 'POST', body: bytes });
      return [answer.status, await answer.text()];
    };
    const small = randomBytes(100_000);
    expect(await push(small)).toEqual([201, '']);
    expect(await push(randomBytes(4_000_000))).toEqual([507, expect.stringContaining('"UNKNOWN"')]);
    expect(await push(randomBytes(1_500_000))).toEqual([201, '']);
    const got = await fetch(`${url}/v2/a/blobs/${digestOf(small)}`);
    expect(small.equals(Buffer.from(await got.arrayBuffer()))).toBe(true);
  });

  it('of a pull: it says so, and goes on when there is room', async () => {
    const dir = tempDir();
    const ctx = createContext();
    const store = await openStore({ home: join(dir, 'store') });
    const content = randomBytes(6_000_000);
    await makeImage({ store, name: 'app:1', compression: 'none', layers: [[{ path: 'big', content }]] });
    const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: join(dir, 'registry') });
    onTestFinished(() => server.stop());
    const { host } = new URL(server.url);
    await copy({ source: 'app:1', target: `docker://${host}/app:1`, store, ctx });
    const home = join(dir, 'home');
    mkdirSync(home);
    const pull = `"${process.execPath}" "${MAIN}" pull ${host}/app:1 app:1`;
    const script = `
      mount -t tmpfs -o size=3m tmpfs ${home} || exit 99
      ${pull} >&2; echo "ended $?"; ls ${home}/blobs/sha256 ${home}/tare/tmp | grep -c '^[0-9a-f]\\{64\\}$'
      "${process.execPath}" "${MAIN}" images -q; mount -o remount,size=100m ${home}
      ${pull} -q`;
    const answer = await execute('unshare', [...NAMESPACE, script], {
      env: { ...cleanEnvironment(), TARE_HOME: home },
    });
    expect(answer.stderr).toContain('E_NO_SPACE');
    expect(answer.stdout.trim().split('\n')).toEqual(['ended 3', expect.stringMatching(/^[01]$/), 'app:1']);
    // The mount was the namespace's own.
    expect(readdirSync(home)).toEqual([]);
  });
});
