import { TareError } from '../base/error.ts';
import type { ContainerEntry } from '../sandbox/types.ts';
import { askControl, type StatusAnswer } from './control.ts';
import { findSystem } from './state.ts';

export interface SystemStatus extends StatusAnswer {
  readonly runs: boolean;
}

/** What runs of a project, asked of the process that runs it. */
export async function statusOf(home: string, name: string): Promise<SystemStatus> {
  const system = await findSystem(home, name);
  const answer = system?.runs === true ? await askControl(system.record.socket, { kind: 'status' }) : undefined;
  return { runs: answer !== undefined, replicas: answer?.replicas ?? [], ports: answer?.ports ?? [] };
}

/** How a container of a project that runs is entered. @throws TareError E_SYSTEM_STATE when it does not run */
export async function entryOf(
  home: string,
  wanted: { readonly project: string; readonly service: string; readonly number: number },
): Promise<ContainerEntry> {
  const { number, project, service } = wanted;
  const system = await findSystem(home, project);
  if (system?.runs !== true)
    throw new TareError('E_SYSTEM_STATE', `${project} does not run`, { hint: 'start it with `tare up`' });
  const { socket } = system.record;
  const answer = await askControl(socket, { kind: 'enter', service, number });
  if (answer?.entry !== undefined && answer.entry !== null) return answer.entry;
  const { replicas } = (await askControl(socket, { kind: 'status' })) ?? { replicas: [] };
  const running = replicas.filter(({ state }) => state === 'running').map(({ name }) => name);
  throw new TareError('E_SYSTEM_STATE', `${service}-${number} does not run in ${project}`, {
    hint: running.length === 0 ? 'nothing of it runs' : `what runs: ${running.join(', ')}`,
  });
}
