import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diagnose, type Check } from '../../src/sandbox/doctor.ts';
import { findSandbox } from '../../src/sandbox/index.ts';
import { findTool } from '../../src/sandbox/spawn.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const named = (checks: readonly Check[], name: string): Check | undefined =>
  checks.find((check) => check.name === name);

it.skipIf(!needs('crun', 'unshare', 'nsenter'))('finds what works here, and leaves nothing', async () => {
  const dir = tempDir();
  const home = join(dir, 'not', 'yet');
  const { checks, ok } = await diagnose({ home, env: { ...process.env, XDG_RUNTIME_DIR: dir } });
  expect(ok).toBe(true);
  for (const name of [
    'node',
    'home',
    'runtime',
    'namespaces',
    'overlay',
    'networks',
    'seccomp',
    'container',
    'observing',
  ])
    expect(named(checks, name)).toMatchObject({ ok: true, detail: expect.stringMatching(/\w/) });
  expect(checks.filter((check) => check.ok === false && check.cure === undefined)).toEqual([]);
  expect(leftoversBelow(dir)).toEqual([]);
});

it('names a runtime that is not a runtime', async () => {
  await expect(findSandbox({ env: { ...process.env, TARE_RUNTIME: 'docker' } })).rejects.toMatchObject({
    code: 'E_USAGE',
  });
  await expect(findSandbox({ env: { ...process.env, TARE_RUNTIME: './crun' } })).rejects.toMatchObject({
    code: 'E_USAGE',
  });
  const absent = await findSandbox({ env: { ...process.env, TARE_RUNTIME: '/nowhere/crun' } });
  expect(absent).toMatchObject({ unavailable: expect.stringContaining('/nowhere/crun'), cure: expect.any(String) });
});

it.skipIf(!needs('crun', 'unshare', 'nsenter'))('does not trust a folder that others can write', async () => {
  const dir = tempDir();
  const env = { ...process.env, XDG_RUNTIME_DIR: dir };
  mkdirSync(join(dir, 'elsewhere'));
  symlinkSync('elsewhere', join(dir, 'tare'));
  await expect(findSandbox({ env })).rejects.toMatchObject({ code: 'E_PERMISSION' });
  const open = tempDir();
  mkdirSync(join(open, 'tare'));
  chmodSync(join(open, 'tare'), 0o777);
  await expect(findSandbox({ env: { ...process.env, XDG_RUNTIME_DIR: open } })).rejects.toMatchObject({
    code: 'E_PERMISSION',
  });
});

it('never takes a helper from a relative folder of PATH', () => {
  expect(findTool('sh', { PATH: '.::bin' })).toMatch(/^\//);
  expect(findTool('no-such-tool-anywhere', { PATH: '/usr/bin' })).toBeUndefined();
});
