import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TareError } from '../base/error.ts';
import { workerUrl } from '../base/worker-url.ts';
import { nsenterFlags, type Host } from './host.ts';
import type { Listener } from './ports.ts';

/** What the relay is told: to take over a listening socket (sent along), or to try whether a port of the container accepts connections. */
export interface RelayQuestion {
  readonly kind: 'publish' | 'connect';
  readonly id: number;
  /** The container's own. */
  readonly port: number;
}

export interface RelayAnswer {
  readonly id: number;
  readonly ok: boolean;
}

export interface Relay {
  /** Hands the host's listening socket over; the caller may forget it then. */
  publish(listener: Listener): Promise<void>;
  /** Whether the container's own port accepts a connection now. */
  connects(port: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Starts the relay in the network namespace of process `pid`. Both questions throw TareError E_SANDBOX once it has ended. */
export function startRelay(host: Host, pid: number): Relay {
  const script = fileURLToPath(workerUrl(import.meta.url, './relay'));
  const child = spawn(host.tools.nsenter, [...nsenterFlags(host, pid, 'net'), '--', process.execPath, script], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: host.env,
    detached: true,
  });
  const waiting = new Map<number, (ok: boolean | undefined) => void>();
  let next = 0;
  let trouble = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString('utf8')).slice(-1000);
  });
  child.on('message', (answer: RelayAnswer) => {
    waiting.get(answer.id)?.(answer.ok);
  });
  let over = false;
  const ended = endOf(child).then(() => {
    over = true;
    for (const settle of waiting.values()) settle(undefined);
  });
  const ask = async (question: Omit<RelayQuestion, 'id'>, listener?: Listener): Promise<boolean> => {
    const id = next++;
    const answer = over
      ? undefined
      : await new Promise<boolean | undefined>((resolve) => {
          waiting.set(id, resolve);
          // A send that fails is followed by the end of the process, which settles it.
          child.send({ ...question, id } satisfies RelayQuestion, listener?.server, {}, () => undefined);
        });
    waiting.delete(id);
    if (answer !== undefined) return answer;
    throw new TareError('E_SANDBOX', `the port relay has ended: ${trouble.trim().split('\n').at(-1) ?? ''}`);
  };
  return {
    async publish(listener) {
      await ask({ kind: 'publish', port: listener.mapping.container }, listener);
      listener.server.close();
    },
    connects: (port) => ask({ kind: 'connect', port }),
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
}
