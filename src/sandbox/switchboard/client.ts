import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { TareError } from '../../base/error.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { Host } from '../host.ts';
import type { SwitchboardAnswer, SwitchboardQuestion } from './protocol.ts';

const MAX_STDERR_CHARS = 1000;

/** The process that holds the namespace of all bridges. */
export interface SwitchboardProcess {
  readonly pid: number;
  /** @throws TareError E_SANDBOX when it cannot be done, or the process has ended */
  ask(question: SwitchboardQuestion, server?: Server): Promise<boolean>;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Starts the process in a network namespace of its own; without root also in a user namespace with the ids of every container. */
export async function startSwitchboard(host: Host, ip: string): Promise<SwitchboardProcess> {
  const script = fileURLToPath(workerUrl(import.meta.url, './process'));
  const ids = host.ids === 'range' ? ['--map-auto'] : [];
  const flags = [...(host.rootless ? ['--user', '--map-root-user', ...ids] : []), '--net'];
  const child = fork(script, [ip], {
    execPath: host.tools.unshare,
    execArgv: [...flags, '--', process.execPath],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: host.env,
    detached: true,
  });
  return talkTo(child);
}

function talkTo(child: ChildProcess): SwitchboardProcess {
  const waiting = new Map<number, (answer: SwitchboardAnswer | undefined) => void>();
  let next = 0;
  let over = false;
  let trouble = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString('utf8')).slice(-MAX_STDERR_CHARS);
  });
  child.on('message', (answer: SwitchboardAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true;
      for (const settle of waiting.values()) settle(undefined);
      waiting.clear();
      resolve();
    };
    child.once('exit', end);
    child.on('error', end);
  });
  return {
    pid: child.pid ?? 0,
    ended,
    async ask(question, server) {
      const id = next++;
      const answer = over
        ? undefined
        : await new Promise<SwitchboardAnswer | undefined>((resolve) => {
            waiting.set(id, resolve);
            // A send that fails is followed by the end of the process, which settles it.
            child.send({ ...question, id }, server, {}, () => undefined);
          });
      if (answer === undefined) {
        const said = trouble.trim().split('\n').at(-1) ?? '';
        throw new TareError(
          'E_SANDBOX',
          `the process that joins the networks has ended${said === '' ? '' : `: ${said}`}`,
        );
      }
      if (answer.why !== undefined) throw new TareError('E_SANDBOX', `no network can be made: ${answer.why}`);
      return answer.ok;
    },
    async close() {
      if (!over) child.kill('SIGKILL');
      await ended;
      if (child.stderr !== null && !child.stderr.closed) await once(child.stderr, 'close');
    },
  };
}
