import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findSandbox, type RunSpec, type Running, type Sandbox } from '../../src/sandbox/index.ts';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { tempDir } from './temp.ts';

/** A sandbox whose temporary folders are in a folder of its own, that the test can look at. */
export async function sandboxIn(
  options: SandboxOptions & { readonly below?: string } = {},
): Promise<{ sandbox: Sandbox; dir: string }> {
  const dir = join(tempDir(), options.below ?? '');
  mkdirSync(dir, { recursive: true });
  const sandbox = await findSandbox({ ...options, env: { ...process.env, XDG_RUNTIME_DIR: dir, ...options.env } });
  if ('unavailable' in sandbox) throw new Error(`${sandbox.unavailable}; ${sandbox.cure}`);
  return { sandbox, dir };
}

/** A spec that runs JavaScript with the Node of a root made by `makeNodeRoot`. */
export function nodeSpec(rootfs: string, script: string, changes: Partial<RunSpec> = {}): RunSpec {
  return {
    rootfs,
    args: ['/bin/node', '--eval', script],
    env: [],
    cwd: '/',
    user: '',
    readOnly: false,
    network: { kind: 'none' },
    mounts: [],
    stdio: 'pipe',
    ...changes,
  };
}

export async function outputOf(running: Running): Promise<{ stdout: string; stderr: string }> {
  const streams = { stdout: '', stderr: '' };
  for await (const { bytes, stream } of running.output) streams[stream] += Buffer.from(bytes).toString('utf8');
  return streams;
}
