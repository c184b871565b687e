import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nsenterFlags, type Host } from './host.ts';
import { runtimeArguments } from './launch.ts';
import { lastError } from './log.ts';
import type { RuntimeProcess } from './runtime-config.ts';
import { exitOf, signalNumber } from './signals.ts';
import { TareError } from '../base/error.ts';
import type { Exit, TerminalSize } from './types.ts';
import { lookUpUser } from './user.ts';

/** Where a container that runs is entered; plain JSON, so that another process can do it. */
export interface ContainerEntry {
  readonly bundle: { readonly id: string; readonly dir: string };
  /** The process that holds the container's mount namespace. */
  readonly wrapperPid: number;
  readonly rootfs: string;
  /** How its own program was started. */
  readonly process: RuntimeProcess;
}

export interface EnterOptions {
  readonly argv: readonly string[];
  /** `NAME=value`, over the container's own. */
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly terminal?: TerminalSize;
}

/**
 * One more process in a running container, on this process's own stdin, stdout and stderr.
 * @throws TareError E_ENTRYPOINT when there is no such program; E_USER
 */
export async function enterContainer(host: Host, entry: ContainerEntry, options: EnterOptions): Promise<Exit> {
  const { bundle, rootfs, wrapperPid } = entry;
  const path = (name: string): string => join(bundle.dir, name);
  const spec = path(`enter-${process.pid}`);
  const log = `enter-log-${process.pid}`;
  writeFileSync(spec, JSON.stringify(processOf(entry.process, rootfs, options)), { mode: 0o600 });
  const args = [
    ...nsenterFlags(host, wrapperPid, 'mount'),
    `--wd=${bundle.dir}`,
    '--',
    ...runtimeArguments(host, { ...bundle, path }, log),
    'exec',
    '--process',
    spec,
    bundle.id,
  ];
  try {
    const child = spawn(host.tools.nsenter, args, { stdio: 'inherit', env: host.env });
    const code = await new Promise<number>((resolve) => {
      child.once('error', () => resolve(-1));
      child.once('close', (status, signal) => resolve(status ?? (signal === null ? -1 : 128 + signalNumber(signal))));
    });
    const trouble = lastError(path(log));
    if (trouble !== undefined)
      throw new TareError('E_ENTRYPOINT', `${JSON.stringify(options.argv[0] ?? '')} cannot be started: ${trouble}`);
    return exitOf(code);
  } finally {
    rmSync(spec, { force: true });
    rmSync(path(log), { force: true });
  }
}

function processOf(own: RuntimeProcess, rootfs: string, options: EnterOptions): RuntimeProcess {
  const { argv, env = [], terminal, user, workdir } = options;
  const entries = new Map([...own.env, ...env].map((text) => [text.slice(0, text.indexOf('=')), text]));
  if (terminal !== undefined && !entries.has('TERM')) entries.set('TERM', 'TERM=xterm');
  const ids = user === undefined ? undefined : lookUpUser(rootfs, user);
  return {
    ...own,
    terminal: terminal !== undefined,
    ...(terminal === undefined ? {} : { consoleSize: { height: terminal.rows, width: terminal.columns } }),
    args: argv,
    env: [...entries.values()],
    cwd: workdir ?? own.cwd,
    ...(ids === undefined
      ? {}
      : { user: { ...own.user, uid: ids.uid, gid: ids.gid, additionalGids: [ids.gid, ...ids.additionalGids] } }),
  };
}
