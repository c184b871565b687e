import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BuildResult } from '../../src/build/types.ts';
import { execute, tareJson, type Answer } from '../helpers/cli.ts';
import { canRunDockerd, withDockerd } from '../helpers/dockerd.ts';
import { exampleDir } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

/*
 * What other tools make of our images. The image is examples/node-status; each tool has to accept it, and where it can run it, the server has
 * to answer as it does under node itself.
 */

const STATUS = { status: 'OK' };

async function built(): Promise<{ home: string; result: BuildResult }> {
  const home = seededHome();
  const result = await tareJson<BuildResult>(['build', exampleDir('node-status'), '--no-verify'], { home });
  return { home, result };
}

async function ok(program: string, ...args: readonly string[]): Promise<Answer> {
  const answer = await execute(program, args, {});
  if (answer.code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${answer.code}:\n${answer.stderr}`);
  return answer;
}

/** Asks until the server is up; 30 seconds at most. */
async function statusAt(port: number): Promise<unknown> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/status`)).json();
    } catch (error) {
      if (tries > 300) throw error;
      await delay(100);
    }
  }
}

let nextPort = 21_000 + (process.pid % 2_000);

describe('skopeo', () => {
  it.skipIf(!needs('skopeo'))('inspects the store and copies out of it', async () => {
    const { home, result } = await built();
    const inspected = JSON.parse((await ok('skopeo', 'inspect', `oci:${home}:node-status:latest`)).stdout) as {
      Digest: string;
      Layers: string[];
      Architecture: string;
    };
    expect(inspected.Digest).toBe(result.digest);
    expect(inspected.Layers).toEqual(result.layers.map((layer) => layer.digest));
    const dir = join(tempDir(), 'copy');
    await ok('skopeo', 'copy', '--insecure-policy', `oci:${home}:node-status:latest`, `dir:${dir}`);
  });
});

describe('umoci', () => {
  it.skipIf(!needs('umoci', 'chroot') || process.getuid?.() !== 0)('unpacks it, and the tree runs', async () => {
    const { home } = await built();
    const bundle = join(tempDir(), 'bundle');
    await ok('umoci', 'unpack', '--image', `${home}:node-status:latest`, bundle);
    const config = JSON.parse((await ok('cat', join(bundle, 'config.json'))).stdout) as {
      process: { args: string[]; env: string[]; cwd: string; user: { uid: number; gid: number } };
    };
    expect(config.process.user).toMatchObject({ uid: 65532, gid: 65532 });
    const port = nextPort++;
    const { args, cwd, env } = config.process;
    // chroot starts in the new root: `env -C` is not in the image, so the entry is named whole.
    const words = args.map((word) => (word.endsWith('.js') && !word.startsWith('/') ? `${cwd}/${word}` : word));
    const child = spawn('chroot', ['--userspec=65532:65532', join(bundle, 'rootfs'), ...words], {
      env: { ...Object.fromEntries(env.map((item) => item.split('=', 2) as [string, string])), PORT: String(port) },
      stdio: 'ignore',
    });
    try {
      expect(await statusAt(port)).toEqual(STATUS);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('docker', () => {
  it.skipIf(!canRunDockerd())('loads it and runs it', { timeout: 180_000 }, async () => {
    const { home } = await built();
    const archive = join(tempDir(), 'app.tar');
    await tareJson(['copy', 'node-status', `docker-archive:${archive}:node-status:latest`], { home });
    await withDockerd(async ({ docker, host }) => {
      await docker('load', '-i', archive);
      await tareJson(['copy', 'node-status', 'docker-daemon:pushed:latest'], { home, env: { DOCKER_HOST: host } });
      for (const name of ['node-status:latest', 'pushed:latest']) {
        const port = nextPort++;
        const id = (await docker('run', '-d', '--network', 'host', '-e', `PORT=${port}`, name)).trim();
        try {
          expect(await statusAt(port)).toEqual(STATUS);
        } finally {
          await docker('rm', '-f', id);
        }
      }
    });
  });
});

describe('podman', () => {
  it.skipIf(!needs('podman', 'runc') || process.getuid?.() !== 0)('runs it', { timeout: 180_000 }, async () => {
    const { home } = await built();
    const dir = tempDir();
    const own = [
      '--root',
      join(dir, 'root'),
      '--runroot',
      join(dir, 'run'),
      '--storage-driver',
      'vfs',
      '--runtime',
      'runc',
    ];
    const port = nextPort++;
    const limits = await hardLimits();
    const archive = join(dir, 'app.tar');
    await tareJson(['copy', 'node-status', `oci-archive:${archive}:node-status:latest`], { home });
    await ok('podman', ...own, 'load', '-q', '-i', archive);
    const start = await ok(
      'podman',
      ...own,
      'run',
      '-d',
      '--network',
      'host',
      ...limits,
      '-e',
      `PORT=${port}`,
      'node-status:latest',
    );
    try {
      expect(await statusAt(port)).toEqual(STATUS);
    } finally {
      await execute('podman', [...own, 'rm', '-f', '-t', '1', start.stdout.trim()], {});
      await execute('podman', [...own, 'system', 'reset', '-f'], {});
    }
  });
});

/** podman asks for more than the hard limits of some machines allow. */
async function hardLimits(): Promise<string[]> {
  const limit = (await ok('sh', '-c', 'ulimit -Hn')).stdout.trim();
  const files = limit === 'unlimited' ? '65536' : limit;
  return ['--ulimit', `nofile=${files}:${files}`, '--ulimit', 'nproc=32768:32768'];
}
