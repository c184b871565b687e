import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/index.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { makeImage } from '../../helpers/images.ts';
import { startTareRegistry, type RunningRegistry } from '../../helpers/registry.ts';
import { tempDir } from '../../helpers/temp.ts';

const folder = mkdtempSync(join(tmpdir(), 'tare-pull-'));
let registry: RunningRegistry | undefined;
beforeAll(async () => {
  registry = await startTareRegistry({ storage: join(folder, 'registry') });
});
afterAll(async () => {
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A registry with one base image, of content `text`, and a folder whose Dockerfile builds upon it. */
async function surroundings(name: string, text = 'one') {
  const cwd = tempDir();
  const base = `${registry?.host}/${name}:1`;
  mkdirSync(join(cwd, 'app'));
  writeFileSync(join(cwd, 'app', 'Dockerfile'), `FROM ${base}\nCOPY . /app/\n`);
  await publish(base, text);
  return { base, options: { home: join(cwd, 'home'), cwd } };
}

async function publish(base: string, text: string): Promise<void> {
  const home = join(tempDir(), 'home');
  const layers = [[{ path: 'etc/' }, { path: 'etc/base', content: text }]];
  await makeImage({ store: await openStore({ home }), name: base, layers });
  await tareJson(['push', base], { home });
}

const BUILD = ['build', '-f', 'app/Dockerfile', 'app', '-t', 'built:1'];

describe('tare build -f --pull', () => {
  it('never is the default, and names the cure', async () => {
    const { options } = await surroundings('never');
    const answer = await tare(BUILD, options);
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain('--pull missing');
  });

  it('missing fetches what the store does not have, under its name, once', async () => {
    const { base, options } = await surroundings('missing');
    const first = await tareJson<{ digest: string }>([...BUILD, '--pull', 'missing'], options);
    expect(await (await openStore(options)).find(base)).toBeDefined();
    await publish(base, 'two');
    const second = await tareJson<{ digest: string }>([...BUILD, '--pull', 'missing'], options);
    expect(second.digest).toBe(first.digest);
    const third = await tareJson<{ digest: string }>([...BUILD, '--pull', 'always'], options);
    expect(third.digest).not.toBe(first.digest);
    expect((await tare(['files', 'built:1', '--cat', '/etc/base'], options)).stdout).toBe('two');
  });

  it('takes a base image by its digest, which gets no name', async () => {
    const { base, options } = await surroundings('digest');
    const pulled = await tareJson<{ digest: string }>(['pull', base, 'x'], { home: join(tempDir(), 'home') });
    writeFileSync(join(options.cwd, 'app', 'Dockerfile'), `FROM ${base}@${pulled.digest}\nCOPY . /app/\n`);
    await tareJson([...BUILD, '--pull', 'missing'], options);
    expect((await tare(['files', 'built:1', '--cat', '/etc/base'], options)).stdout).toBe('one');
    expect(await (await openStore(options)).images()).toHaveLength(1);
  });

  it('with --dry-run writes nothing', async () => {
    const { base, options } = await surroundings('dry');
    expect((await tare([...BUILD, '--pull', 'missing', '--dry-run'], options)).code).toBe(0);
    expect(await (await openStore(options)).find(base)).toBeUndefined();
  });
});
