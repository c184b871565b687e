import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShrunkSystem } from '../../../src/systems/shrink/shrink.ts';
import { execute, tareJson, type Answer } from '../../helpers/cli.ts';
import { canRunDockerd, withDockerd, type Dockerd } from '../../helpers/dockerd.ts';
import { until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { startTareRegistry } from '../../helpers/registry.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';
import { tinySystem, type TinySystem } from '../../helpers/tiny-system.ts';

const isOffered = needs('crun', 'unshare', 'docker-compose') && canRunDockerd();

interface Exported {
  /** Of compose.yaml. */
  readonly dir: string;
  /** `127.0.0.1:PORT` */
  readonly registry: string;
  /** What a registry at that address has to serve. */
  readonly storage: string;
  readonly shrunk: ShrunkSystem;
}

/** The system shrunk, pushed to a registry, and exported as a Compose file that pulls it from there. */
async function exported({ file, home }: TinySystem): Promise<Exported> {
  const storage = join(tempDir(), 'registry');
  const dir = join(tempDir(), 'deploy');
  const shrunk = await tareJson<ShrunkSystem>(['shrink', '-f', file], { home });
  const registry = await startTareRegistry({ storage });
  try {
    const team = `${registry.host}/team`;
    for (const { reference } of shrunk.services) await tareJson(['push', reference, `${team}/${reference}`], { home });
    const args = ['systems', 'export', '-f', file, '--compose', '--shrunk', '--repository', team, '-o', dir];
    expectShape('system-export', await tareJson(args, { home }));
    return { dir, registry: registry.host, storage, shrunk };
  } finally {
    await registry.stop();
  }
}

const asked = `
const answer = await fetch(process.argv[1]);
console.log(answer.status, await answer.text());`;

/** What a URL answers to those in the daemon's network. */
async function answerOf(url: string, { pid }: Dockerd): Promise<string> {
  const words = ['--target', String(pid), '--net', process.execPath, '--input-type=module', '-e', asked, url];
  return (await execute('nsenter', words)).stdout.trim();
}

describe('tare systems export --compose --shrunk', () => {
  it.skipIf(!isOffered)(
    'is pulled by digest from the registry that the images were pushed to, and runs under Docker with docker-compose',
    async (test) => {
      const { dir, registry, shrunk, storage } = await exported(await tinySystem());
      const text = readFileSync(join(dir, 'compose.yaml'), 'utf8');
      for (const { digest, service } of shrunk.services)
        expect(text).toContain(`${registry}/team/tiny/${service}@${digest}`);
      const check = async (daemon: Dockerd): Promise<void> => {
        const served = await startTareRegistry({ storage, addr: registry, within: daemon.pid });
        const settings = join(tempDir(), 'docker');
        mkdirSync(settings);
        writeFileSync(join(settings, 'config.json'), '{}');
        const compose = (...words: readonly string[]): Promise<Answer> =>
          // In its folder, as its first line says: docker-compose 1.29 looks for seccomp profiles where it is started.
          execute('docker-compose', ['-p', 'tiny', ...words], {
            cwd: dir,
            env: { ...process.env, DOCKER_HOST: daemon.host, DOCKER_CONFIG: settings },
          });
        try {
          const up = await compose('up', '-d');
          expect(up.code, up.stderr).toBe(0);
          const images = await daemon.docker('images', '--digests', '--no-trunc');
          for (const { digest } of shrunk.services) expect(images).toContain(digest);
          const port = (await compose('port', 'web', '8080')).stdout.trim().replace('0.0.0.0', '127.0.0.1');
          await until(async () => (await answerOf(`http://${port}/answer`, daemon)) === '200 forty-two');
          expect(await answerOf(`http://${port}/nothing`, daemon)).toBe('404 nothing');
        } finally {
          const { stdout, stderr } = await compose('down', '-v');
          expect(await daemon.docker('ps', '--all', '--quiet'), stdout + stderr).toBe('');
          await served.stop();
        }
      };
      test.skip(!(await withDockerd(check, { networks: true })), 'dockerd does not start on this machine');
    },
    300_000,
  );
});
