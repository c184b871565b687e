import { TareError } from '../../base/error.ts';
import { MAX_EXPOSED_PORTS } from './limits.ts';
import { shown } from './source.ts';

const MAX_PORT = 65_535;
const PROTOCOLS = ['tcp', 'udp', 'sctp'];

/**
 * The ports that the words of EXPOSE name once variables are replaced: `80`, `80/udp`, `8000-8002`, and `[IP:]HOST:80`, of which the first parts are
 * ignored. Gives `80/tcp` in the order of the words (BuildKit dockerfile2llb/convert_expose.go).
 * @throws TareError E_DOCKERFILE, E_LIMIT
 */
export function parsePorts(words: readonly string[]): string[] {
  const ports: string[] = [];
  for (const word of words) {
    const { first, last, protocol } = parsePort(word);
    if (ports.length + last - first >= MAX_EXPOSED_PORTS)
      throw new TareError('E_LIMIT', `EXPOSE names more than ${MAX_EXPOSED_PORTS} ports`);
    for (let port = first; port <= last; port++) ports.push(`${port}/${protocol}`);
  }
  return ports;
}

interface PortRange {
  readonly first: number;
  readonly last: number;
}

function parsePort(word: string): PortRange & { readonly protocol: string } {
  const parts = word.split(':');
  const container = parts.at(-1) ?? '';
  const host = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const address = parts.slice(0, -2).join(':');
  const slash = container.indexOf('/');
  const protocol = slash === -1 ? '' : container.slice(slash + 1).toLowerCase();
  if (protocol !== '' && !PROTOCOLS.includes(protocol)) throw bad(word, `${shown(protocol)} is no protocol`);
  const range = parseRange(slash === -1 ? container : container.slice(0, slash));
  if (range === undefined) throw bad(word, `a port is a number up to ${MAX_PORT}, or two with a dash between`);
  if (address !== '' && !validAddress(address)) throw bad(word, `${shown(address)} is no address`);
  const hostRange = host === '' ? range : parseRange(host);
  if (hostRange === undefined) throw bad(word, `${shown(host)} is no port of the host`);
  const length = range.last - range.first;
  if (length > 0 && hostRange.last - hostRange.first !== length) throw bad(word, 'the two ranges differ in length');
  return { ...range, protocol: protocol === '' ? 'tcp' : protocol };
}

function bad(word: string, why: string): TareError {
  return new TareError('E_DOCKERFILE', `the port ${shown(word)} is not valid: ${why}`, {
    hint: 'write EXPOSE 8080, 53/udp or 8000-8010/tcp',
  });
}

function parseRange(text: string): PortRange | undefined {
  const dash = text.indexOf('-');
  const start = dash === -1 ? text : text.slice(0, dash);
  const first = parseNumber(start);
  if (first === undefined) return undefined;
  if (dash === -1 || text.slice(dash + 1) === start) return { first, last: first };
  const last = parseNumber(text.slice(dash + 1));
  return last === undefined || last < first ? undefined : { first, last };
}

function parseNumber(text: string): number | undefined {
  if (!/^\+?\d+$/.test(text)) return undefined;
  const port = Number(text);
  return port <= MAX_PORT ? port : undefined;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** Loose: up to eight groups, the last two possibly as IPv4. What it is is not looked at, so what it looks like will do. */
const IPV6 = /^(?=.*:)(?:[0-9a-f]{1,4}|:)(?::?[0-9a-f]{0,4}){0,8}(?::\d{1,3}(?:\.\d{1,3}){3})?$/i;

function validAddress(text: string): boolean {
  const address = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return IPV4.test(address) || IPV6.test(address);
}
