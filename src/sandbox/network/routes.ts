import { readFileSync } from 'node:fs';
import { errnoOf } from '../../base/error.ts';
import { parseRange, type AddressRange } from './addresses.ts';

/** Where this machine's packets of IPv4 go. */
export interface Routes {
  /** What it reaches by a route of its own, its own addresses too; the default routes and others that lead nearly everywhere are none. */
  readonly taken: readonly AddressRange[];
  /** Whether there is a way out at all. */
  readonly leadsOut: boolean;
  /** Largest packet of the way out, in bytes. */
  readonly mtu: number | undefined;
}

/** A route to more addresses than that is a way out, not a network. */
const MAX_NETWORK = 2 ** 24;

/** As the kernel tells them, which takes no other program. Undefined where it does not. */
export function readRoutes(): Routes | undefined {
  const trie = textOf('/proc/net/fib_trie');
  const main = textOf('/proc/net/route');
  if (trie === undefined || main === undefined) return undefined;
  const dev = outDevice(main);
  return {
    taken: parseTrie(trie).filter(({ first, last }) => last + 1 - first <= MAX_NETWORK),
    leadsOut: dev !== undefined,
    mtu: dev === undefined ? undefined : Number(textOf(`/sys/class/net/${dev}/mtu`)) || undefined,
  };
}

/** All routes of all tables: leaves (`|-- ADDRESS`), each with a line for every length (`/24 link UNICAST`). */
export function parseTrie(text: string): readonly AddressRange[] {
  const ranges: AddressRange[] = [];
  let address = '';
  for (const line of text.split('\n')) {
    address = /^\s*\|-- (\S+)$/.exec(line)?.[1] ?? address;
    const bits = /^\s*\/(\d{1,2}) /.exec(line)?.[1];
    const range = bits === undefined ? undefined : parseRange(`${address}/${bits}`);
    if (range !== undefined) ranges.push(range);
  }
  return ranges;
}

/** The device of the default route, else of any that leads away. */
function outDevice(text: string): string | undefined {
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').map((field) => field.trim()));
  const away = rows.filter(([dev = '']) => dev !== '' && dev !== 'lo');
  return (away.find(([, destination]) => destination === '00000000') ?? away[0])?.[0];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EINVAL'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
