import { checkKeys } from './check-keys.ts';
import {
  asMap,
  childOf,
  composeError,
  isNull,
  lineText,
  type Entry,
  type MapNode,
  type Node,
  type Spot,
} from './node.ts';
import { pathOf, type Surroundings } from './paths.ts';
import type { Problems } from './problems.ts';
import { listOf, textOf, truthOf, wordOf } from './scalars.ts';
import { isIpv4 } from './service-networks.ts';
import type { FileSource, ProjectNetwork, ProjectVolume } from './types.ts';

/** What a config or secret is; a variable is looked up when a service wants it. */
export type FileDefinition = FileSource | { readonly variable: string; readonly spot: Spot };

const EMPTY: ReadonlyMap<string, Entry> = new Map();

export function readNetwork(name: string, { key, value }: Entry, problems: Problems): ProjectNetwork {
  const map = mapOf(value);
  checkKeys(map, 'network', problems);
  const driver = childOf(map, 'driver');
  if (driver !== undefined && !['bridge', 'default'].includes(textOf(driver)))
    throw composeError(driver.spot, `networks of the driver ${JSON.stringify(textOf(driver))} are not supported`, {
      code: 'E_COMPOSE_UNSUPPORTED',
      hint: 'leave `driver` out: networks are bridges of this machine',
    });
  const internal = childOf(map, 'internal');
  const ipam = childOf(map, 'ipam');
  const subnet = ipam === undefined ? undefined : subnetOf(asMap(ipam), problems);
  return {
    name,
    internal: internal !== undefined && truthOf(internal),
    ...(subnet === undefined ? {} : { subnet }),
    at: lineText(key),
  };
}

const mapOf = (node: Node): MapNode => (isNull(node) ? { kind: 'map', entries: EMPTY, spot: node.spot } : asMap(node));

const SMALLEST_PREFIX = 8;
const LARGEST_PREFIX = 30;

function subnetOf(ipam: MapNode, problems: Problems): string | undefined {
  checkKeys(ipam, 'network.ipam', problems);
  const driver = childOf(ipam, 'driver');
  if (driver !== undefined && textOf(driver) !== 'default')
    throw composeError(driver.spot, 'addresses of other drivers are not supported', {
      code: 'E_COMPOSE_UNSUPPORTED',
      hint: 'leave `driver` out, and name a `subnet`',
    });
  let found: string | undefined;
  for (const item of listOf(childOf(ipam, 'config'))) {
    const map = asMap(item);
    checkKeys(map, 'network.ipam.config', problems);
    const subnet = childOf(map, 'subnet');
    if (subnet === undefined) continue;
    const text = wordOf(subnet);
    if (text.includes(':')) {
      problems.warn('compose-unsupported', 'network.ipam.config.subnet', 'networks are IPv4', subnet.spot);
      continue;
    }
    const [, address = '', prefix = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
    const bits = Number(prefix);
    if (
      !isIpv4(address) ||
      bits < SMALLEST_PREFIX ||
      bits > LARGEST_PREFIX ||
      (addressNumber(address) & ~maskOf(bits)) !== 0
    )
      throw composeError(subnet.spot, `${JSON.stringify(text)} is no IPv4 network`, {
        hint: 'for example 10.20.0.0/24',
      });
    if (found !== undefined)
      throw composeError(subnet.spot, 'a network of several subnets is not supported', {
        code: 'E_COMPOSE_UNSUPPORTED',
        hint: 'name one subnet',
      });
    found = text;
  }
  return found;
}

const maskOf = (bits: number): number => -1 << (32 - bits);

/** As 32 bits with a sign. */
const addressNumber = (text: string): number => text.split('.').reduce((sum, byte) => (sum << 8) | Number(byte), 0);

export function isInSubnet(address: string, subnet: string): boolean {
  const [network = '', bits = ''] = subnet.split('/');
  const mask = maskOf(Number(bits));
  return (addressNumber(address) & mask) === (addressNumber(network) & mask);
}

export function readVolume(
  name: string,
  { key, value }: Entry,
  around: Surroundings,
  problems: Problems,
): ProjectVolume {
  const map = mapOf(value);
  checkKeys(map, 'project volume', problems);
  const driver = childOf(map, 'driver');
  if (driver !== undefined && textOf(driver) !== 'local')
    throw composeError(driver.spot, `volumes of the driver ${JSON.stringify(textOf(driver))} are not supported`, {
      code: 'E_COMPOSE_UNSUPPORTED',
      hint: 'leave `driver` out: volumes are folders of this machine',
    });
  const outer = externalOf(map);
  const named = childOf(map, 'name') ?? outer.name;
  const fullName = named === undefined ? (outer.external ? name : `${around.projectName}_${name}`) : wordOf(named);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(fullName))
    throw composeError((named ?? map).spot, `${JSON.stringify(fullName)} is no name of a volume`);
  return { name, external: outer.external, fullName, at: lineText(key) };
}

/** `external: true`, or in older files `external: {name: …}`. */
function externalOf(map: MapNode): { readonly external: boolean; readonly name?: Node } {
  const node = childOf(map, 'external');
  if (node === undefined) return { external: false };
  if (node.kind !== 'map') return { external: truthOf(node) };
  const name = childOf(node, 'name');
  return { external: true, ...(name === undefined ? {} : { name }) };
}

const SOURCES = { config: ['file', 'environment', 'content'], secret: ['file', 'environment'] } as const;

export function readDefinition(
  { key, value }: Entry,
  of: 'config' | 'secret',
  around: Surroundings,
  problems: Problems,
): FileDefinition {
  const map = mapOf(value);
  checkKeys(map, of, problems);
  const said = SOURCES[of].filter((source) => map.entries.has(source));
  const [source, second] = said;
  if (source === undefined && map.entries.has('external')) return { text: '' }; // Refused by its key.
  const choice = SOURCES[of].join(', ');
  if (source === undefined) throw composeError(key, `one of ${choice} must say what it is`);
  if (second !== undefined) throw composeError(key, `only one of ${choice} may say what it is`);
  const node = map.entries.get(source)?.value as Node;
  if (source === 'file') return { file: pathOf(node, around) };
  return source === 'content' ? { text: textOf(node) } : { variable: wordOf(node), spot: node.spot };
}
