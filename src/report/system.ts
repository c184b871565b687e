import type { StatusAnswer } from '../systems/control.ts';
import type { LogLine } from '../systems/logs.ts';
import type { ReplicaStatus } from '../systems/run/life.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** `running (healthy)`, `exited (1)`. */
export function stateText({ exit, health, restarts, state }: ReplicaStatus): string {
  const more =
    state === 'exited' ? (exit === undefined ? '' : ` (${exit.code})`) : health === undefined ? '' : ` (${health})`;
  return `${state}${more}${restarts === 0 ? '' : `, restarted ${restarts}×`}`;
}

/** One row a container. */
export function systemText({ ports, replicas }: StatusAnswer): (style: Style) => string {
  return (style) => {
    const portsOf = (status: ReplicaStatus): string =>
      ports
        .filter((port) => port.service === status.service && (port.number ?? status.number) === status.number)
        .map(({ address, container, host }) => `${address}:${host} → ${container}`)
        .join(', ');
    const rows = replicas.map((status) => [status.name, stateText(status), portsOf(status)]);
    return formatTable([{ title: 'container' }, { title: 'state' }, { title: 'ports' }], rows, style.bold, style);
  };
}

/** One row a project. */
export function systemsText(
  all: readonly (StatusAnswer & { readonly project: string; readonly runs: boolean })[],
): (style: Style) => string {
  return (style) => {
    if (all.length === 0) return 'no project runs here';
    const rows = all.map(({ ports, project, replicas, runs }) => [
      project,
      runs ? `${replicas.filter(({ state }) => state === 'running').length} of ${replicas.length} running` : 'killed',
      ports.map(({ address, host }) => `${address}:${host}`).join(', '),
    ]);
    return formatTable([{ title: 'project' }, { title: 'containers' }, { title: 'ports' }], rows, style.bold, style);
  };
}

type Paint = (text: string) => string;

export interface LinePrinter {
  /** With its container in front, in a colour of its own. */
  line(line: LogLine): string;
}

/** @param names of all containers that are known, for the width of the first column */
export function linePrinter(
  names: readonly string[],
  style: Style,
  { prefix = true, timestamps = false }: { readonly prefix?: boolean; readonly timestamps?: boolean } = {},
): LinePrinter {
  // Of a system that has ended, the log alone tells who was there.
  const known = [...names];
  const paints: readonly Paint[] = [style.cyan, style.yellow, style.green, style.red, style.bold];
  const paintOf = (name: string): Paint => {
    if (!known.includes(name)) known.push(name);
    return paints[known.indexOf(name) % paints.length] ?? style.bold;
  };
  return {
    line({ name, text, time }) {
      const when = timestamps ? `${new Date(time).toISOString()} ` : '';
      const paint = paintOf(name);
      const width = Math.max(...known.map((each) => each.length));
      const who = prefix ? `${paint(`${name.padEnd(width)} |`)} ` : '';
      return `${who}${when}${printable(text)}\n`;
    },
  };
}
