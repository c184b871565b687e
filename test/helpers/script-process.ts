import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

export interface ScriptOptions {
  /** A temporary folder, the script's alone. */
  readonly dir: string;
  /** Default: nothing to read. */
  readonly stdin?: 'pipe';
  /** Run as this unprivileged user, with subordinate ids (`range`) or without (`single`). Needs root. */
  readonly as?: { readonly user: string; readonly uid: number; readonly gid: number; readonly ids: 'range' | 'single' };
}

/** A Node process of its own that runs `body`, an ES module with `findSandbox` and `diagnose` of the built tare at hand; its temporary folders are below `dir`/run. */
export function startScript(body: string, options: ScriptOptions): ChildProcess {
  const { as, dir } = options;
  const script = join(dir, 'script.mjs');
  const run = join(dir, 'run');
  const from = (file: string): string => JSON.stringify(pathToFileURL(join(dist, file)).href);
  writeFileSync(
    script,
    `import { findSandbox } from ${from('sandbox/index.js')};\nimport { diagnose } from ${from('sandbox/doctor.js')};\n${body}`,
  );
  mkdirSync(run, { mode: 0o700, recursive: true });
  if (as !== undefined) {
    for (const folder of [dirname(dir), dir]) if (folder.includes('tare-')) chmodSync(folder, 0o755);
    chownSync(run, as.uid, as.gid);
  }
  const node = [process.execPath, script];
  const [program = '', ...args] = as === undefined ? node : [...unprivileged(dir, as), ...node];
  return spawn(program, args, {
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_RUNTIME_DIR: run, HOME: run, NODE_OPTIONS: '' },
  });
}

export async function runScript(
  body: string,
  options: ScriptOptions,
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = startScript(body, options);
  const result = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (result.stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (result.stderr += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ...result, code };
}

/** What stands in front of a program. /etc/subuid and /etc/subgid are covered in a mount namespace of their own: nothing of the machine changes. */
export function unprivileged(dir: string, as: NonNullable<ScriptOptions['as']>): readonly string[] {
  const table = join(dir, 'subordinate');
  writeFileSync(table, as.ids === 'range' ? `${as.user}:200000:65536\n` : '');
  return [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'for file in /etc/subuid /etc/subgid; do mount --bind "$1" "$file" || exit; done; shift; exec "$@"',
    'unprivileged',
    table,
    'setpriv',
    `--reuid=${as.uid}`,
    `--regid=${as.gid}`,
    '--clear-groups',
  ];
}
