import { connect } from 'node:net';
import type { Table } from './table.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly downstreams: readonly { readonly origin: string; readonly ok: boolean }[];
}

const CONNECT_MS = 1000;
/** However often one asks, downstreams are bothered no more often than this. */
const FRESH_MS = 1000;

/** Whether each downstream accepts connections. */
export function openReadiness(): (table: Table) => Promise<Readiness> {
  let last: { readonly table: Table; readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  return (table) => {
    if (last === undefined || last.table !== table || performance.now() - last.at > FRESH_MS)
      last = { table, at: performance.now(), answer: look(table) };
    return last.answer;
  };
}

async function look(table: Table): Promise<Readiness> {
  const hosts = new Map(
    table.routes.flatMap(({ balancer }) => balancer.downstreams.map(({ host, origin }) => [origin, host] as const)),
  );
  const downstreams = await Promise.all(
    [...hosts].map(async ([origin, { Host, Port }]) => ({
      origin,
      ok: await accepts(Host.replace(/^\[(.*)\]$/, '$1'), Port),
    })),
  );
  return { ready: downstreams.every(({ ok }) => ok), downstreams };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (ok: boolean) => () => {
      socket.destroy();
      resolve(ok);
    };
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  });
}
