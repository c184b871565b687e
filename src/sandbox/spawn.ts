import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';

/** Longest output of a helper program that is kept, in bytes of each stream. */
const MAX_TOOL_OUTPUT_BYTES = 1024 * 1024; // 1 MiB

export interface ToolResult {
  /** -1 when the program could not be started at all. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds; SIGKILL afterwards. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Gets what the program writes on descriptor 3, which is there only then. */
  readonly onExtra?: ((output: Readable) => void) | undefined;
}

/** Runs a program to its end with no input. Never rejects: a program that cannot be started has code -1 and the reason in `stderr`. */
export function runTool(path: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(options.onExtra === undefined ? [] : (['pipe'] as const))],
      env: options.env ?? toolEnvironment(),
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const stdout = capped();
    const stderr = capped();
    child.stdout?.on('data', stdout.add);
    child.stderr?.on('data', stderr.add);
    const extra = child.stdio[3];
    if (extra instanceof Readable) options.onExtra?.(extra);
    child.on('error', (error) => resolve({ code: -1, stdout: stdout.text(), stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 137, stdout: stdout.text(), stderr: stderr.text() }));
  });
}

function capped(): { add: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add: (chunk) => {
      if (size < MAX_TOOL_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_TOOL_OUTPUT_BYTES - size));
      size += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

/** Where the helper programs of a machine are, also when the caller's PATH is the short one of an ordinary user. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A small, clean environment: no secret of the caller stands in /proc/PID/environ of a helper, and no message is translated. */
export function toolEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { PATH: pathOf(env), LC_ALL: 'C' };
}

const pathOf = (env: NodeJS.ProcessEnv): string =>
  env['PATH'] === undefined || env['PATH'] === '' ? SYSTEM_PATH : `${env['PATH']}${delimiter}${SYSTEM_PATH}`;

/** The absolute path of a program on PATH (or below the system's own folders), or undefined. */
export function findTool(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  for (const folder of pathOf(env).split(delimiter)) {
    // An empty or relative component means the working folder: whoever owns that must not choose our helpers.
    if (!folder.startsWith('/')) continue;
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not for us: either way not a tool that can be used.
  }
}
