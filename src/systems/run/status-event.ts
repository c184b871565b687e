import type { TareEvent } from '../../base/events.ts';
import type { ReplicaStatus } from './life.ts';

/** What has become of a container, as it is told to those who follow the work. */
export function statusEvent({ exit, health, name, said, state }: ReplicaStatus): TareEvent {
  const isWell = state === 'running' && health !== undefined && health !== 'starting';
  const isOver = state === 'exited';
  const detail = isOver ? (exit === undefined ? said : `exit code ${exit.code}`) : isWell ? said : undefined;
  return {
    kind: 'service.status',
    name,
    state: isWell ? health : isOver && exit === undefined ? 'not started' : state,
    ...(detail === undefined ? {} : { detail }),
  };
}
