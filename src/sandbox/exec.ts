import { writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Bundle } from './bundle.ts';
import { nsenterFlags, type Host } from './host.ts';
import { runtimeArguments, straceInFront, type ObserveOptions } from './launch.ts';
import { lastError } from './log.ts';
import type { RuntimeProcess } from './runtime-config.ts';
import { exitOf } from './signals.ts';
import { runTool } from './spawn.ts';
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
}

const EXTRA_DESCRIPTOR = 3;

/** One more process in a running container. A program that is not there has exit code 127 and the reason on stderr. */
export async function execIn(options: ExecOptions): Promise<{ exit: Exit; stdout: string; stderr: string }> {
  const { bundle, host, serial } = options;
  const spec = bundle.path(`process-${serial}`);
  const log = `exec-log-${serial}`;
  await writeFile(spec, JSON.stringify(options.process));
  const result = await runTool(
    host.tools.nsenter,
    [
      ...nsenterFlags(host, options.wrapperPid, 'mount'),
      // Where the runtime finds the socket of a watcher.
      `--wd=${bundle.dir}`,
      '--',
      ...straceInFront(options.observe, EXTRA_DESCRIPTOR),
      ...runtimeArguments(host, bundle, log),
      'exec',
      '--process',
      spec,
      bundle.id,
    ],
    { env: host.env, ...(options.observe?.kind === 'strace' ? { onExtra: options.follow } : {}) },
  );
  const trouble = lastError(bundle.path(log));
  if (trouble !== undefined) return { exit: { code: NOT_STARTED }, stdout: '', stderr: trouble };
  return { exit: exitOf(result.code), stdout: result.stdout, stderr: result.stderr };
}
