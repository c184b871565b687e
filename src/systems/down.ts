import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from '../base/deadline.ts';
import { TareError } from '../base/error.ts';
import type { Project } from '../formats/compose/types.ts';
import { findSandbox } from '../sandbox/index.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { askControl } from './control.ts';
import { forgetLog } from './kept-log.ts';
import { findSystem, forgetSystem, removeVolumes } from './state.ts';

const POLL_MS = 50;
/** As long as a process may take between its first trace and its first answer, and between its last answer and its last trace. */
const MAX_SILENT_MS = 10_000;

export interface DownOptions {
  readonly home: string;
  readonly name: string;
  /** Undefined: as each service says. */
  readonly graceMs?: number;
  /** Remove the volumes of this project as well; those that are external stay. */
  readonly volumesOf?: Project;
  /** Gives up: what has been asked to stop goes on stopping. */
  readonly signal: AbortSignal;
}

export interface DownResult {
  readonly project: string;
  /** `killed`: its process had been killed, and what it left is gone now. */
  readonly was: 'running' | 'killed' | 'not there';
  readonly volumes: readonly string[];
}

/** Ends a system, whoever runs it. Idempotent. @throws TareError E_SYSTEM_STATE, E_PERMISSION, E_IO, E_CANCELLED */
export async function down(options: DownOptions): Promise<DownResult> {
  const { home, name, volumesOf } = options;
  // Finding it removes the containers that a killed process left.
  const found = await findSandbox();
  const sandbox: Pick<Sandbox, 'namespace'> = 'unavailable' in found ? { namespace: [] } : found;
  const was = await end(options, sandbox);
  await forgetLog(home, name, sandbox);
  const own = (volumesOf?.volumes ?? []).filter(({ external }) => !external).map(({ fullName }) => fullName);
  return { project: name, was, volumes: await removeVolumes(home, own, sandbox) };
}

async function end(options: DownOptions, sandbox: Pick<Sandbox, 'namespace'>): Promise<DownResult['was']> {
  const { graceMs, home, name, signal } = options;
  const question = { kind: 'stop', ...(graceMs === undefined ? {} : { graceMs }) } as const;
  for (let silentMs = 0; ; silentMs += POLL_MS) {
    const system = await findSystem(home, name);
    if (system === undefined) return silentMs === 0 ? 'not there' : 'running';
    if (!system.runs) {
      await forgetSystem(home, system.record, sandbox);
      return 'killed';
    }
    const answer = await Promise.race([askControl(system.record.socket, question), aborted(signal)]);
    if (signal.aborted) throw new TareError('E_CANCELLED', `interrupted while ${name} was stopped`);
    if (answer !== undefined) return 'running';
    // Its process is just beginning or ending, or was killed this moment.
    if (silentMs >= MAX_SILENT_MS)
      throw new TareError('E_SYSTEM_STATE', `the process that runs ${name} does not answer`, {
        hint: `end it: it is process ${system.record.process.split('-')[0] ?? ''}`,
      });
    await sleep(POLL_MS);
  }
}
