import { isIP } from 'node:net';
import { isLoopback, parseRange } from './addresses.ts';

/** The resolver of a namespace of its own. */
export type Resolver =
  /** The lines of its resolv.conf. */
  | { readonly kind: 'direct'; readonly text: string; readonly servers: readonly string[] }
  /** This machine's resolver cannot be reached from there: somebody has to pass its questions on to `upstream`. `rest`: the other lines. */
  | { readonly kind: 'relay'; readonly upstream: string; readonly rest: string };

/**
 * What resolv.conf(5) must say in a network namespace that has IPv4 alone, and another loopback.
 * @param text of this machine's /etc/resolv.conf; '' when there is none
 * @param behind the servers behind systemd-resolved, if that runs (/run/systemd/resolve/resolv.conf): they take the place of its own 127.0.0.53
 */
export function resolverFor(text: string, behind: string): Resolver {
  for (const each of [text, behind]) {
    const { rest, servers } = parse(each);
    const reachable = servers.filter((server) => {
      const range = parseRange(server);
      return range !== undefined && !isLoopback(range) && range.first !== 0;
    });
    if (reachable.length > 0)
      return { kind: 'direct', text: [...reachable.map(serverLine), ...rest].join(''), servers: reachable };
  }
  const { rest, servers } = parse(text);
  // Without any line it is the one of this machine (resolv.conf(5), "nameserver").
  return { kind: 'relay', upstream: servers.find((server) => isIP(server) !== 0) ?? '127.0.0.1', rest: rest.join('') };
}

export const serverLine = (server: string): string => `nameserver ${server}\n`;

function parse(text: string): { readonly servers: readonly string[]; readonly rest: readonly string[] } {
  const servers: string[] = [];
  const rest: string[] = [];
  for (const line of text.split('\n')) {
    const server = /^nameserver\s+(\S+)/.exec(line)?.[1];
    if (server !== undefined) servers.push(server);
    else if (/^(?:search|domain|options)\s/.test(line)) rest.push(`${line}\n`);
  }
  return { servers, rest };
}
