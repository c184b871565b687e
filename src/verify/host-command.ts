import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, withDeadline } from '../base/deadline.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { collectOutput } from '../sandbox/output.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import { findTool, toolEnvironment } from '../sandbox/spawn.ts';
import type { PortMapping } from '../sandbox/types.ts';
import { transcribe } from './transcript.ts';

/** What a test suite gets to clean up after SIGTERM, in milliseconds. */
const GRACE_MS = 2000;
const MAX_SHOWN = 1000;
const LOCALHOST = '127.0.0.1';

export interface HostCommandOptions {
  readonly argv: readonly string[];
  /** As published; the first one is what TARE_URL names. */
  readonly ports: readonly PortMapping[];
  readonly timeoutMs: number;
  readonly ctx: Context;
}

/**
 * Runs a command on this machine, with the caller's own rights and environment: a test suite that asks the container. It finds it by `TARE_HOST`,
 * `TARE_PORT_<container port>` and `TARE_URL`. All of its process group is killed when the time is over or the context is cancelled, and when
 * the command itself has ended; also when tare itself is killed. Its output goes to the events. A failure is an answer.
 * @throws TareError E_TOOL_MISSING, E_PERMISSION, … when it cannot be started at all
 */
export async function runOnHost(options: HostCommandOptions): Promise<ProbeOutcome> {
  const { argv, ctx, timeoutMs } = options;
  const name = `run ${argv.join(' ')}`;
  const begin = performance.now();
  const outcome = (detail?: string): ProbeOutcome => ({
    name,
    ok: detail === undefined,
    ms: Math.round(performance.now() - begin),
    ...(detail === undefined ? {} : { detail }),
  });
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    env: { ...process.env, ...variablesOf(options.ports) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const watchman = child.pid === undefined ? undefined : watchGroup(child.pid);
  const said = transcribe(collectOutput(child), (stream, text) =>
    ctx.onEvent({ kind: 'command.output', stream, text }),
  );
  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(argv, error)));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal ?? 'unknown'}`));
  });
  const late = (): string => (ctx.signal.aborted ? 'interrupted' : `did not end within ${Math.round(timeoutMs)} ms`);
  const detail = await withDeadline(ctx.signal, timeoutMs, (limit) => Promise.race([ended, aborted(limit).then(late)]));
  if (child.pid === undefined) return outcome(detail);
  if (child.exitCode === null && child.signalCode === null) {
    killGroup(child.pid, 'SIGTERM');
    await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
  }
  // What the command has left behind goes too, and with it who holds its output open.
  killGroup(child.pid, 'SIGKILL');
  await dismiss(watchman);
  child.stdout.destroy();
  child.stderr.destroy();
  await said.done;
  const tail = said.text().trim().slice(-MAX_SHOWN);
  return outcome(detail === undefined || tail === '' ? detail : `${detail}: ${tail}`);
}

function notStarted(argv: readonly string[], error: Error): unknown {
  const what = `the command ${JSON.stringify(argv.join(' '))} of this machine cannot be started`;
  if (errnoOf(error) !== 'ENOENT') return fromErrno(error, what);
  return new TareError('E_TOOL_MISSING', `${what}: there is no program ${JSON.stringify(argv[0] ?? '')}`, {
    cause: error,
    hint: 'install it, or give its path; paths count from the working folder',
  });
}

function variablesOf(ports: readonly PortMapping[]): Record<string, string> {
  const first = ports[0];
  return {
    TARE_HOST: first?.address ?? LOCALHOST,
    ...(first === undefined ? {} : { TARE_URL: `http://${first.address ?? LOCALHOST}:${first.host}` }),
    ...Object.fromEntries(ports.map(({ container, host }) => [`TARE_PORT_${container}`, String(host)])),
  };
}

/** Kills a process group when its stdin ends: that is when this process does, however. Its stdin says which. */
const WATCHMAN = 'read -r group && ! read -r _ && kill -KILL "-$group"';

function watchGroup(pid: number): ChildProcess | undefined {
  const shell = findTool('sh');
  if (shell === undefined) return undefined;
  const watchman = spawn(shell, ['-c', WATCHMAN], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: toolEnvironment(),
    detached: true,
  });
  // Who watches may be gone; that is no trouble of the command.
  watchman.on('error', () => undefined);
  watchman.stdin?.on('error', () => undefined);
  watchman.stdin?.write(`${pid}\n`);
  return watchman;
}

/** Before its stdin ends: the number of the group may be somebody else's by then. */
async function dismiss(watchman: ChildProcess | undefined): Promise<void> {
  if (watchman?.pid === undefined || watchman.exitCode !== null || watchman.signalCode !== null) return;
  const gone = new Promise((resolve) => watchman.once('exit', resolve));
  watchman.kill('SIGKILL');
  await gone;
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
