import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SignResult, VerifiedSignature } from '../../../src/ship/sign/index.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { startTareRegistry, type RunningRegistry } from '../../helpers/registry.ts';
import { scratchFolder } from '../../helpers/watched-cli.ts';

const COSIGN = fileURLToPath(new URL('../../../.tools/cosign', import.meta.url));
const MINUTES = 60_000; // ms

describe('signatures in a registry', () => {
  let scratch: string;
  let home: string;
  let registry: RunningRegistry;
  let image: string;
  const env = { COSIGN_PASSWORD: 'open sesame' };
  const file = (name: string): string => join(scratch, name);
  const verify = (key: string, ...more: readonly string[]) =>
    tare(['verify-signature', image, '--key', file(key), ...more], { home });

  beforeAll(async () => {
    scratch = scratchFolder();
    home = join(scratch, 'home');
    cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
    registry = await startTareRegistry({ storage: file('registry') });
    image = `${registry.host}/team/app:1`;
    await tareJson(['push', 'node-status', image], { home });
    for (const name of ['ours', 'theirs']) await tareJson(['sign', '--generate-key', file(name)], { home, env });
  }, 2 * MINUTES);
  afterAll(async () => {
    await registry.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('writes keys that only their owner reads, and never over others', async () => {
    expect(statSync(file('ours.key')).mode & 0o777).toBe(0o600);
    const before = readFileSync(file('ours.key'), 'utf8');
    const again = await tare(['sign', '--generate-key', file('ours')], { home, env });
    expect([again.code, readFileSync(file('ours.key'), 'utf8')]).toEqual([2, before]);
    expect((await tare(['sign', '--generate-key', file('new')], { home })).stderr).toMatch(/COSIGN_PASSWORD/);
    expect(existsSync(file('new.key'))).toBe(false);
  });

  it('are kept in registries: a name of the store is none of Docker Hub', async () => {
    for (const args of [
      ['sign', 'node-status', '--key', file('ours.key')],
      ['verify-signature', 'node-status', '--key', file('ours.pub')],
    ]) {
      const { code, stderr } = await tare(args, { home, env });
      expect([code, stderr]).toEqual([2, expect.stringContaining('tare push node-status HOST/REPOSITORY:TAG')]);
    }
  });

  it('are made and checked, one for each key', async () => {
    expect(await verify('ours.pub')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not signed: it has no signature/) as string,
    });
    const signed = await tareJson<SignResult>(['sign', image, '--key', file('ours.key')], { home, env });
    expect(signed.tag).toBe(`${signed.digest.replace(':', '-')}.sig`);
    expect(signed.signatures).toBe(1);
    const told = JSON.parse((await verify('ours.pub', '--json')).stdout) as VerifiedSignature;
    expect(told.digest).toBe(signed.digest);
    expect(told.claims).toEqual([{ digest: signed.digest, reference: `${registry.host}/team/app`, annotations: {} }]);
    expect(await verify('theirs.pub')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none of its signatures \(1\) is of this key/) as string,
    });
    const theirs = ['sign', image, '--key', file('theirs.key'), '--annotation', 'stage=production'];
    expect((await tareJson<SignResult>(theirs, { home, env })).signatures).toBe(2);
    expect((await verify('ours.pub')).stdout).toMatch(/1 other signature not counted/);
    expect((await verify('theirs.pub', '--annotation', 'stage=production')).code).toBe(0);
    expect((await verify('theirs.pub', '--annotation', 'stage=test')).stderr).toMatch(
      /signed, but not with stage=test/,
    );
  });

  it('are of the digest, wherever the tag points to later', async () => {
    await tareJson(['push', 'node-status', `${registry.host}/team/other:1`], { home });
    writeFileSync(file('Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    await tareJson(['build', '-f', file('Dockerfile'), scratch, '-t', 'elsewise'], { home });
    await tareJson(['push', 'elsewise', image], { home });
    expect((await verify('ours.pub')).code).toBe(1);
    await tareJson(['push', 'node-status', image], { home });
    expect((await verify('ours.pub')).code).toBe(0);
  });

  it('need the pass phrase', async () => {
    for (const [password, said] of [
      [undefined, /is encrypted/],
      ['wrong', /pass phrase of .* is wrong/],
    ] as const) {
      const answer = await tare(['sign', image, '--key', file('ours.key')], {
        home,
        env: password === undefined ? {} : { COSIGN_PASSWORD: password },
      });
      expect([answer.code, said.test(answer.stderr)], answer.stderr).toEqual([2, true]);
    }
  });

  it.skipIf(!existsSync(COSIGN))('are those of cosign, both ways', { timeout: 2 * MINUTES }, async () => {
    const cosign = (...args: readonly string[]): string =>
      execFileSync(COSIGN, args, { encoding: 'utf8', env: { ...process.env, ...env, HOME: scratch }, stdio: 'pipe' });
    const flags = ['--allow-insecure-registry', '--insecure-ignore-tlog=true'];
    const told = JSON.parse(cosign('verify', '--key', file('ours.pub'), ...flags, image)) as unknown[];
    expect(told.length).toBeGreaterThan(0);
    expect(() => cosign('verify', '--key', file('ours.pub'), ...flags, `${registry.host}/team/other:1`)).toThrow();
    cosign('generate-key-pair', '--output-key-prefix', file('cosign'));
    cosign('sign', '--key', file('cosign.key'), '--tlog-upload=false', '-y', '--allow-insecure-registry', image);
    expect((await verify('cosign.pub')).code).toBe(0);
    expect((await verify('ours.pub')).code).toBe(0);
    // A key that cosign made signs for us, too.
    const other = `${registry.host}/team/other:1`;
    await tareJson(['sign', other, '--key', file('cosign.key')], { home, env });
    cosign('verify', '--key', file('cosign.pub'), ...flags, other);
  });
});
