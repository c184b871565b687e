import { checkKeys } from './check-keys.ts';
import type { Mention } from './draft.ts';
import { asMap, childOf, composeError, isNull, type MapNode } from './node.ts';
import type { Problems } from './problems.ts';
import { textsOf, wordOf } from './scalars.ts';
import type { ServiceNetwork } from './types.ts';

export const DEFAULT_NETWORK = 'default';

/** `networks:` and `network_mode:` of a service; every alias is one on all of its networks. */
export function readServiceNetworks(
  service: MapNode,
  problems: Problems,
): { readonly networks: readonly ServiceNetwork[]; readonly mentions: readonly Mention[] } {
  const name = childOf(service, 'container_name');
  const own = name === undefined ? [] : [wordOf(name)];
  const mode = childOf(service, 'network_mode');
  const node = childOf(service, 'networks');
  if (mode !== undefined) {
    if (node !== undefined)
      throw composeError(mode.spot, '`network_mode` and `networks` say two things: leave one of them out');
    if (modeOf(wordOf(mode), mode.spot) === 'none') return { networks: [], mentions: [] };
  }
  const map = node === undefined ? undefined : asMap(node);
  if (map === undefined || map.entries.size === 0)
    return { networks: [{ name: DEFAULT_NETWORK, aliases: own }], mentions: [] };
  const networks: ServiceNetwork[] = [];
  const mentions: Mention[] = [];
  for (const [key, { key: spot, value }] of map.entries) {
    mentions.push({ kind: 'network', name: key, spot });
    const network = problems.attempt(() => (isNull(value) ? { aliases: [] } : membership(asMap(value), problems)));
    networks.push({ name: key, ...network, aliases: [...new Set([...own, ...(network?.aliases ?? [])])] });
  }
  return { networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)), mentions };
}

function modeOf(mode: string, spot: MapNode['spot']): 'none' | 'bridge' {
  if (mode === 'none' || mode === 'bridge') return mode;
  if (mode === 'host' || /^(?:service|container):/.test(mode))
    throw composeError(spot, `network_mode ${JSON.stringify(mode)} is not supported`, {
      code: 'E_COMPOSE_UNSUPPORTED',
      hint:
        mode === 'host'
          ? 'leave it out, and publish what is to be reached in `ports`'
          : 'leave it out: services reach each other by their names',
    });
  throw composeError(spot, `${JSON.stringify(mode)} is no network mode: none, bridge`);
}

function membership(map: MapNode, problems: Problems): Omit<ServiceNetwork, 'name'> {
  checkKeys(map, 'service.network', problems);
  const address = childOf(map, 'ipv4_address');
  const text = address === undefined ? undefined : wordOf(address);
  if (address !== undefined && text !== undefined && !isIpv4(text))
    throw composeError(address.spot, `${JSON.stringify(text)} is no IPv4 address`);
  return { aliases: textsOf(childOf(map, 'aliases')), ...(text === undefined ? {} : { ipv4Address: text }) };
}

export function isIpv4(text: string): boolean {
  const bytes = text.split('.');
  return bytes.length === 4 && bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255);
}
