import { TareError } from '../../base/error.ts';
import type { Project, ProjectNetwork, Service } from '../../formats/compose/types.ts';
import { addressText, parseRange, type AddressRange } from '../../sandbox/network/addresses.ts';
import type { Bridge, Names, Target } from '../../sandbox/types.ts';

/** One container to be: a service with more than one replica has several. */
export interface Replica {
  readonly service: Service;
  /** From 1. */
  readonly number: number;
  /** `SERVICE-NUMBER`. */
  readonly name: string;
  readonly links: readonly { readonly bridge: string; readonly address: string }[];
}

export interface SystemPlan {
  readonly bridges: readonly Bridge[];
  /** By service, in its order of numbers; services in the order of the project. */
  readonly replicas: readonly Replica[];
}

/** As Docker's pools, in ranges that nothing outside can be confused with: the networks lead nowhere. */
const POOL = [10, 89] as const;
const BITS = 24;
/** The bridge has the first address. */
const FIRST_MEMBER = 2;
const MAX_NETWORKS = 200;

/** Networks and containers with their addresses: the same project has the same ones every time. @throws TareError E_COMPOSE, E_LIMIT */
export function planSystem(project: Project): SystemPlan {
  const used = new Set(project.services.flatMap(({ networks }) => networks.map(({ name }) => name)));
  const networks = project.networks.filter(({ name }) => used.has(name));
  if (networks.length > MAX_NETWORKS)
    throw new TareError('E_LIMIT', `${project.name} has ${networks.length} networks, more than ${MAX_NETWORKS}`);
  const pools = new Map(networks.map((network, index) => [network.name, poolOf(network, index, project.services)]));
  refuseOverlaps(networks, [...pools.values()]);
  const replicas = project.services.flatMap((service) =>
    Array.from({ length: service.replicas }, (_, index): Replica => {
      const links = service.networks.map(({ ipv4Address, name }) => {
        const pool = pools.get(name);
        if (pool === undefined) throw new Error(`${service.name} is in a network that is not there: ${name}`);
        return { bridge: name, address: pool.take(index === 0 ? ipv4Address : undefined) };
      });
      return { service, number: index + 1, name: `${service.name}-${index + 1}`, links };
    }),
  );
  return { bridges: [...pools].map(([name, { bits, gateway }]) => ({ name, gateway, bits })), replicas };
}

/** Two bridges with the same addresses: packets of the one would be lost in the other. */
function refuseOverlaps(networks: readonly ProjectNetwork[], pools: readonly Pool[]): void {
  for (const [index, { range, text }] of pools.entries()) {
    const other = pools.findIndex(
      (pool, at) => at < index && pool.range.first <= range.last && range.first <= pool.range.last,
    );
    const [one, two] = [networks[index], networks[other]];
    if (one === undefined || two === undefined) continue;
    // Whoever wrote it down can change it.
    const at = one.subnet === undefined ? two : one;
    throw new TareError(
      'E_COMPOSE',
      `${at.at}: the networks ${two.name} and ${one.name} overlap: ${pools[other]?.text} and ${text}`,
      {
        hint: 'give them ranges that have nothing in common, or leave `subnet` out of both',
      },
    );
  }
}

interface Pool {
  readonly range: AddressRange;
  readonly text: string;
  readonly gateway: string;
  readonly bits: number;
  take(wanted: string | undefined): string;
}

function poolOf(network: ProjectNetwork, index: number, services: readonly Service[]): Pool {
  const text = network.subnet ?? `${POOL.join('.')}.${index}.0/${BITS}`;
  const range = parseRange(text);
  if (range === undefined || range.last - range.first < FIRST_MEMBER + 1)
    throw new TareError(
      'E_COMPOSE',
      `${network.at}: ${text} is no range of IPv4 addresses for the network ${network.name}`,
    );
  const wanted = services.flatMap((service) => fixedIn(service, network.name));
  const fixed = new Set(wanted);
  const twice = wanted.find((address, at) => wanted.indexOf(address) !== at);
  if (twice !== undefined)
    throw new TareError(
      'E_COMPOSE',
      `${network.at}: two services want the address ${twice} in the network ${network.name}`,
    );
  let next = range.first + FIRST_MEMBER;
  return {
    range,
    text,
    gateway: addressText(range.first + 1),
    bits: Number(text.slice(text.indexOf('/') + 1)),
    take(wanted) {
      if (wanted !== undefined) {
        const at = parseRange(wanted)?.first ?? 0;
        if (at <= range.first + 1 || at >= range.last)
          throw new TareError('E_COMPOSE', `${network.at}: ${wanted} is no address for a container of ${text}`);
        return wanted;
      }
      while (fixed.has(addressText(next))) next += 1;
      if (next >= range.last)
        throw new TareError('E_LIMIT', `${network.at}: the network ${network.name} (${text}) has no address left`);
      return addressText(next++);
    },
  };
}

const fixedIn = (service: Service, network: string): readonly string[] =>
  service.networks.flatMap(({ ipv4Address, name }) =>
    name === network && ipv4Address !== undefined ? [ipv4Address] : [],
  );

/** What the containers that run call each other: service, replica, aliases; in each of their networks. */
export function namesOf(running: readonly Replica[]): Names {
  // Not objects: a service may be called `constructor`.
  const networks = new Map<string, Map<string, string[]>>();
  const members = new Map<string, readonly string[]>();
  for (const { links, name, number, service } of running) {
    const own = links.map(({ bridge }) => bridge);
    for (const { address, bridge } of links) {
      members.set(address, own);
      const aliases = service.networks.find((network) => network.name === bridge)?.aliases ?? [];
      const hostname = service.hostname !== undefined && number === 1 ? [service.hostname] : [];
      const names = networks.get(bridge) ?? new Map<string, string[]>();
      networks.set(bridge, names);
      for (const each of new Set([service.name, name, ...aliases, ...hostname].map((text) => text.toLowerCase())))
        names.set(each, [...(names.get(each) ?? []), address]);
    }
  }
  return {
    networks: Object.fromEntries([...networks].map(([network, names]) => [network, Object.fromEntries(names)])),
    members: Object.fromEntries(members),
  };
}

/** Where a port of a container is reached from outside. */
export function targetOf({ links }: Replica, port: number): Target | undefined {
  const [first] = links;
  return first === undefined ? undefined : { address: first.address, port };
}
