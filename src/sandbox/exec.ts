import { readFile, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from '../base/deadline.ts';
import { errnoOf } from '../base/error.ts';
import type { Bundle } from './bundle.ts';
import { nsenterFlags, type Host } from './host.ts';
import { runtimeArguments, straceInFront, type ObserveOptions } from './launch.ts';
import { lastError } from './log.ts';
import { sendSignal, statOf } from './processes.ts';
import type { RuntimeProcess } from './runtime-config.ts';
import { exitOf } from './signals.ts';
import { runTool, type ToolResult } from './spawn.ts';
import type { Exit } from './types.ts';

/** As a shell tells that a program cannot be found or executed. */
export const NOT_STARTED = 127;

export interface ExecOptions {
  readonly host: Host;
  readonly bundle: Bundle;
  /** The process that holds the container's mount namespace. */
  readonly wrapperPid: number;
  readonly process: RuntimeProcess;
  /** Tells one call from the next in file names. */
  readonly serial: number;
  readonly observe?: ObserveOptions | undefined;
  /** Gets what strace writes. */
  readonly follow?: ((output: Readable) => void) | undefined;
  /** Kills it. */
  readonly signal?: AbortSignal | undefined;
}

const EXTRA_DESCRIPTOR = 3;
const SIGKILL = 9;
const SIGSTOP = 19;
const KILLED: ToolResult = { code: 128 + SIGKILL, stdout: '', stderr: '' };
const LOOK_MS = 10;
/** For a call of the kernel that it may be in. */
const STOPPED_MS = 2;

/** One more process in a running container. A program that is not there has exit code 127 and the reason on stderr. */
export async function execIn(options: ExecOptions): Promise<{ exit: Exit; stdout: string; stderr: string }> {
  const { bundle, host, serial } = options;
  const spec = bundle.path(`process-${serial}`);
  const pidFile = bundle.path(`exec-pid-${serial}`);
  const log = `exec-log-${serial}`;
  await writeFile(spec, JSON.stringify(options.process), { mode: 0o600 });
  const tool = runTool(
    host.tools.nsenter,
    [
      ...nsenterFlags(host, options.wrapperPid, 'mount'),
      // Where the runtime finds the socket of a watcher.
      `--wd=${bundle.dir}`,
      '--',
      ...straceInFront(options.observe, EXTRA_DESCRIPTOR),
      ...runtimeArguments(host, bundle, log),
      'exec',
      '--pid-file',
      pidFile,
      '--process',
      spec,
      bundle.id,
    ],
    { env: host.env, ...(options.observe?.kind === 'strace' ? { onExtra: options.follow } : {}) },
  );
  const result = await endedBy(options.signal, tool, pidFile);
  const trouble = lastError(bundle.path(log));
  if (trouble !== undefined) return { exit: { code: NOT_STARTED }, stdout: '', stderr: trouble };
  return { exit: exitOf(result.code), stdout: result.stdout, stderr: result.stderr };
}

/** The runtime would leave the process behind if it were killed itself: the process is, with all of its group. */
async function endedBy(
  signal: AbortSignal | undefined,
  tool: Promise<ToolResult>,
  pidFile: string,
): Promise<ToolResult> {
  const result = await (signal === undefined ? tool : Promise.race([tool, aborted(signal)]));
  if (result !== undefined) return result;
  for (let pid: number | undefined; ;) {
    pid ??= await pidIn(pidFile);
    if (pid !== undefined) {
      // It may be about to lead a session, and to begin others: of what is stopped the group stays what it is.
      if (statOf(pid)?.zombie !== false) return KILLED;
      sendSignal(pid, SIGSTOP);
      await sleep(STOPPED_MS);
      const stat = statOf(pid);
      // What it started may hold its output open in a session of its own: nobody waits for that.
      if (stat?.zombie !== false) return KILLED;
      // crun leads the session itself, runc has the process lead it; neither leaves it in ours.
      sendSignal(stat.group === statOf(process.pid)?.group ? pid : -stat.group, SIGKILL);
    }
    if ((await Promise.race([tool, sleep(LOOK_MS)])) !== undefined) return KILLED;
  }
}

async function pidIn(file: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(file, 'latin1'));
    return pid > 1 ? pid : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
