import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, withDeadline } from '../base/deadline.ts';
import { errnoOf } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { collectOutput } from '../sandbox/output.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
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
 * the command itself has ended. Its output goes to the events. A failure is an answer.
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
  const said = transcribe(collectOutput(child), (stream, text) =>
    ctx.onEvent({ kind: 'command.output', stream, text }),
  );
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
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
  child.stdout.destroy();
  child.stderr.destroy();
  await said.done;
  const tail = said.text().trim().slice(-MAX_SHOWN);
  return outcome(detail === undefined || tail === '' ? detail : `${detail}: ${tail}`);
}

function variablesOf(ports: readonly PortMapping[]): Record<string, string> {
  const first = ports[0];
  return {
    TARE_HOST: first?.address ?? LOCALHOST,
    ...(first === undefined ? {} : { TARE_URL: `http://${first.address ?? LOCALHOST}:${first.host}` }),
    ...Object.fromEntries(ports.map(({ container, host }) => [`TARE_PORT_${container}`, String(host)])),
  };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
