import { composeError, child, childOf, lineText, type MapNode, type Node, type Spot } from './node.ts';
import { checkKeys } from './check-keys.ts';
import type { Problems } from './problems.ts';
import { textOf, wholeOf } from './scalars.ts';
import type { ServicePort } from './types.ts';

const MAX_PORT = 65_535;
/** Of one service; a range counts as many. */
const MAX_PORTS = 1000;

interface Range {
  readonly first: number;
  readonly last: number;
}

interface ShortPort {
  readonly hostIp?: string;
  readonly published?: Range;
  readonly target: Range;
  readonly protocol: string;
}

/** `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, with ranges; undefined when it is none. */
function parseShort(text: string): ShortPort | undefined {
  const match = /^(?:(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/([a-z]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, address, published = '', target = '', protocol = 'tcp'] = match;
  const ports = rangeOf(target);
  const host = published === '' ? undefined : rangeOf(published);
  if (ports === undefined || (published !== '' && host === undefined)) return undefined;
  return {
    ...(address === undefined ? {} : { hostIp: address.replace(/^\[|\]$/g, '') }),
    ...(host === undefined ? {} : { published: host }),
    target: ports,
    protocol,
  };
}

function rangeOf(text: string): Range | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= MAX_PORT ? { first, last } : undefined;
}

/** What two ports of two files must share to be one: address, target, published, protocol. */
export function portKey(node: Node): string | undefined {
  if (node.kind === 'list') return undefined;
  if (node.kind === 'scalar') {
    const short = parseShort(node.text);
    return short === undefined
      ? undefined
      : keyText(short.hostIp, rangeText(short.target), short.published && rangeText(short.published), short.protocol);
  }
  const [ip, target, published, protocol] = ['host_ip', 'target', 'published', 'protocol'].map((key) => {
    const value = child(node, key);
    return value?.kind === 'scalar' ? value.text : undefined;
  });
  return keyText(ip, target, published, protocol);
}

const rangeText = ({ first, last }: Range): string => (first === last ? String(first) : `${first}-${last}`);

const keyText = (ip = '', target = '', published = '', protocol = 'tcp'): string =>
  [ip, target, published, protocol].join(' ');

/** `ports:` of a service, in both forms. */
export function readPorts(list: readonly Node[], problems: Problems): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  for (const node of list) {
    ports.push(
      ...(problems.attempt(() => (node.kind === 'map' ? [longPort(node, problems)] : shortPorts(node))) ?? []),
    );
    if (ports.length > MAX_PORTS) {
      problems.attempt(() => {
        throw composeError(node.spot, `more than ${MAX_PORTS} ports`);
      });
      return [];
    }
  }
  return ports;
}

function shortPorts(node: Node): readonly ServicePort[] {
  const text = textOf(node);
  const short = parseShort(text);
  if (short === undefined || short.target.first === 0)
    throw composeError(node.spot, `${JSON.stringify(text)} is not [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, {
      hint: 'for example "8080:80", "127.0.0.1:8080:80", "3000-3005:3000-3005"',
    });
  const { hostIp, published, target } = short;
  const protocol = protocolOf(short.protocol, node.spot);
  const count = target.last - target.first + 1;
  if (count > MAX_PORTS) throw composeError(node.spot, `more than ${MAX_PORTS} ports`);
  const hosts = published === undefined ? 0 : published.last - published.first + 1;
  if (hosts > 0 && count > 1 && hosts !== count)
    throw composeError(node.spot, `${JSON.stringify(text)}: ${hosts} ports of the host for ${count} of the container`);
  return Array.from({ length: count }, (_, index) => ({
    at: lineText(node.spot),
    target: target.first + index,
    ...(published === undefined ? {} : { published: count === 1 ? published : single(published.first + index) }),
    ...(hostIp === undefined ? {} : { hostIp: addressOf(hostIp, node.spot) }),
    protocol,
  })).map(withoutZero);
}

const single = (port: number): Range => ({ first: port, last: port });

/** Port 0 of the host is any that is free. */
function withoutZero(port: ServicePort): ServicePort {
  const { published, ...rest } = port;
  return published === undefined || published.first === 0 ? rest : port;
}

function longPort(node: MapNode, problems: Problems): ServicePort {
  checkKeys(node, 'port', problems);
  const target = childOf(node, 'target');
  if (target === undefined) throw composeError(node.spot, '`target` is missing: the port of the container');
  const published = childOf(node, 'published');
  const hostIp = childOf(node, 'host_ip');
  const protocol = childOf(node, 'protocol');
  const range = published === undefined ? undefined : rangeOf(textOf(published));
  if (published !== undefined && range === undefined)
    throw composeError(
      published.spot,
      `${JSON.stringify(textOf(published))} is no port of the host, and no range of them`,
    );
  return withoutZero({
    at: lineText(node.spot),
    target: wholeOf(target, { min: 1, max: MAX_PORT }),
    ...(range === undefined ? {} : { published: range }),
    ...(hostIp === undefined ? {} : { hostIp: addressOf(textOf(hostIp), hostIp.spot) }),
    protocol: protocol === undefined ? 'tcp' : protocolOf(textOf(protocol), protocol.spot),
  });
}

function protocolOf(text: string, spot: Spot): 'tcp' | 'udp' {
  const protocol = text.toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  if (protocol === 'sctp')
    throw composeError(spot, 'ports of sctp are not published', {
      code: 'E_COMPOSE_UNSUPPORTED',
      hint: 'publish tcp or udp',
    });
  throw composeError(spot, `${JSON.stringify(text)} is no protocol: tcp or udp`);
}

function addressOf(text: string, spot: Spot): string {
  const address = text.replace(/^\[|\]$/g, '');
  if (isAddress(address)) return address;
  throw composeError(spot, `${JSON.stringify(text)} is no IP address`);
}

/** IPv4 strictly, IPv6 by its letters: the system has the last word. */
function isAddress(text: string): boolean {
  const bytes = text.split('.');
  if (bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) <= 255)) return true;
  return text.includes(':') && /^[0-9a-fA-F:.]{2,45}$/.test(text);
}

/** `expose:`: ports of the container, or ranges. */
export function readExpose(list: readonly Node[], problems: Problems): readonly number[] {
  const found = new Set<number>();
  for (const node of list) {
    problems.attempt(() => {
      const text = textOf(node);
      const range = /^([\d-]+)(?:\/(?:tcp|udp))?$/.exec(text)?.[1];
      const ports = range === undefined ? undefined : rangeOf(range);
      if (ports === undefined || ports.first === 0 || ports.last - ports.first >= MAX_PORTS)
        throw composeError(node.spot, `${JSON.stringify(text)} is no port of the container`);
      if (text.endsWith('/udp')) return;
      for (let port = ports.first; port <= ports.last; port++) found.add(port);
    });
  }
  return [...found].sort((a, b) => a - b);
}
