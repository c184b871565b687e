import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, MAIN, type Answer } from './cli.ts';
import { leftoversBelow } from './leftovers.ts';

const LOOK_MS = 15;

export interface WatchedOptions {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sent once, as soon as stderr says this (after a short while). */
  readonly signalAt?: { readonly text: RegExp; readonly signal: NodeJS.Signals; readonly afterMs?: number };
}

export interface WatchedAnswer extends Answer {
  /** Of tare itself, in bytes: the most that was resident at once. */
  readonly peakBytes: number;
  /** Its XDG_RUNTIME_DIR. */
  readonly run: string;
  /** Every process below tare that was ever seen and is still there; mounts, folders of bundles, temporary files; half-written files of the home. */
  leftovers(): readonly string[];
}

/** Runs the built command line in temporary folders of its own, and notices every process that it starts. Remove `scratch` afterwards. */
export async function watchedTare(
  args: readonly string[],
  options: WatchedOptions & { readonly scratch: string },
): Promise<WatchedAnswer> {
  const dir = realpathSync(mkdtempSync(join(options.scratch, 'w-')));
  const [run, tmp] = [join(dir, 'run'), join(dir, 'tmp')];
  for (const folder of [run, tmp]) mkdirSync(folder, { mode: 0o700 });
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? dir,
    env: { ...cleanEnvironment(), TARE_HOME: options.home, XDG_RUNTIME_DIR: run, TMPDIR: tmp, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')));
  let sent = false;
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString('utf8');
    const { signalAt } = options;
    if (sent || signalAt === undefined || !signalAt.text.test(said.stderr)) return;
    sent = true;
    setTimeout(() => child.kill(signalAt.signal), signalAt.afterMs ?? 0);
  });
  const descendants = descendantsOf(child.pid ?? 0);
  let peakBytes = 0;
  const look = setInterval(() => {
    if (child.pid === undefined) return;
    peakBytes = Math.max(peakBytes, peakOf(child.pid));
    descendants.look();
  }, LOOK_MS);
  const code = await new Promise<number>((resolve) => {
    child.once('close', (exit) => resolve(exit ?? -1));
    child.once('error', () => resolve(-1));
  });
  clearInterval(look);
  return {
    ...said,
    code,
    peakBytes,
    run,
    leftovers: () => [
      ...leftoversBelow(run),
      ...leftoversBelow(tmp),
      ...[...descendants.seen].filter(isThere).map((key) => `process ${key}: ${commandOf(key)}`),
      ...halfWritten(options.home).map((name) => `half-written ${name}`),
    ],
  };
}

/** Temporary names of writers that have ended. */
function halfWritten(home: string): readonly string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(?!tare\/roots\/[^/]+\/).*(?:\.(?:tmp|partial|new|old)$|\/tmp\/.)/.test(name),
  );
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(procFile(pid, 'status'))?.[1] ?? 0) * 1024;
}

/**
 * Notes every process that is started below one, as `PID STARTTIME`. Each is asked once for its parent, when it is new: reading all of /proc every few
 * milliseconds would take much of a core.
 */
function descendantsOf(top: number): { look(): void; readonly seen: ReadonlySet<string> } {
  const below = new Set([String(top)]);
  const seen = new Set<string>();
  let known: ReadonlySet<string> = new Set();
  return {
    seen,
    look() {
      const now = new Set(readdirSync('/proc').filter((name) => /^\d+$/.test(name)));
      const fresh = [...now].filter((pid) => !known.has(pid)).map((pid) => ({ pid, ...statOf(pid) }));
      known = now;
      // Parents need not have smaller numbers.
      for (let before = -1; before !== below.size;) {
        before = below.size;
        for (const { parent, pid, start } of fresh) {
          if (!below.has(parent) || below.has(pid)) continue;
          below.add(pid);
          seen.add(`${pid} ${start}`);
        }
      }
    },
  };
}

function isThere(key: string): boolean {
  const [pid = '', start] = key.split(' ');
  const stat = statOf(pid);
  return stat.start === start && stat.state !== 'Z';
}

function statOf(pid: string): { readonly parent: string; readonly start: string; readonly state: string } {
  const text = procFile(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', parent: fields[1] ?? '', start: fields[19] ?? '' };
}

const commandOf = (key: string): string => procFile(key.split(' ')[0] ?? '', 'cmdline').replaceAll('\0', ' ');

function procFile(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return ''; // Ended meanwhile.
  }
}

/** A folder for `watchedTare`. */
export function scratchFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'tare-test-')));
}
