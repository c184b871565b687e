import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShrunkSystem } from '../../../src/systems/shrink/shrink.ts';
import { execute, tareJson } from '../../helpers/cli.ts';
import { canRunDockerd, withDockerd } from '../../helpers/dockerd.ts';
import { until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { startTareRegistry } from '../../helpers/registry.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';
import { tinySystem } from '../../helpers/tiny-system.ts';

const isOffered = needs('crun', 'unshare', 'docker-compose') && canRunDockerd();

describe('tare systems export --compose --shrunk', () => {
  it.skipIf(!isOffered)(
    'is pulled by digest from the registry that the images were pushed to, and runs under Docker',
    async (test) => {
      const { file, home } = await tinySystem();
      const shrunk = await tareJson<ShrunkSystem>(['shrink', '-f', file], { home });
      const registry = await startTareRegistry({ storage: join(tempDir(), 'registry') });
      try {
        for (const { reference } of shrunk.services)
          await tareJson(['push', reference, `${registry.host}/team/${reference}`], { home });
        const dir = join(tempDir(), 'deploy');
        const args = [
          'systems',
          'export',
          '-f',
          file,
          '--compose',
          '--shrunk',
          '--repository',
          `${registry.host}/team`,
        ];
        const exported = await tareJson<{ files: readonly string[] }>([...args, '-o', dir], { home });
        expectShape('system-export', exported);
        const text = readFileSync(join(dir, 'compose.yaml'), 'utf8');
        for (const { digest, service } of shrunk.services)
          expect(text).toContain(`${registry.host}/team/tiny/${service}@${digest}`);
        const ran = await withDockerd(async ({ docker, host }) => {
          const compose = (...words: readonly string[]) =>
            // In its folder, as its first line says: docker-compose 1.29 looks for seccomp profiles where it is started.
            execute('docker-compose', ['-p', 'tiny', ...words], {
              cwd: dir,
              env: { ...process.env, DOCKER_HOST: host },
            });
          const pulled = await compose('pull');
          expect(pulled.stderr + pulled.code).toMatch(/0$/);
          const images = await docker('images', '--digests', '--no-trunc');
          for (const { digest } of shrunk.services) expect(images).toContain(digest);
          const checked = await compose('config', '--quiet');
          expect(checked).toMatchObject({ code: 0 });
          // As the file says, but for the network, which takes rules of a firewall that a test must not change.
          for (const { digest, service } of shrunk.services)
            await docker(
              'run',
              '-d',
              '--network',
              'none',
              '--read-only',
              '--cap-drop',
              'ALL',
              '--name',
              service,
              '--security-opt',
              `seccomp=${join(dir, `${service}.seccomp.json`)}`,
              `${registry.host}/team/tiny/${service}@${digest}`,
            );
          for (const { service } of shrunk.services)
            await until(async () => (await docker('logs', service)).includes(`${service} listens`));
          await docker('rm', '-f', ...shrunk.services.map(({ service }) => service));
          await compose('down', '-v');
        });
        test.skip(!ran, 'dockerd does not start on this machine');
      } finally {
        await registry.stop();
      }
    },
    300_000,
  );
});
