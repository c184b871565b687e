import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTareError, TareError } from '../../base/error.ts';
import { freeSubnet, type AddressRange, type Subnet } from './addresses.ts';
import { startDnsRelay } from './dns-relay.ts';
import { addRules, largestShape, removeRules, type FirewallTools, type Rules, type Shape } from './firewall.ts';
import { makeLink, removeLink, type LinkTools } from './link.ts';
import type { NetworkRecord, Records } from './records.ts';
import { serverLine, type Resolver } from './resolver.ts';
import type { Routes } from './routes.ts';

/** What a network is made with: found out once for all of a build. */
export interface Ground {
  readonly tools: FirewallTools & LinkTools;
  readonly routes: Routes;
  readonly resolver: Resolver;
  /** Addresses that must stay reachable, beside those of the routes. */
  readonly taken: readonly AddressRange[];
  readonly records: Records;
}

/** A network namespace with a way out, behind this machine's addresses. */
export interface PrivateNetwork {
  /** For the runtime: `/proc/PID/ns/net`. */
  readonly namespace: string;
  /** A file to be seen as /etc/resolv.conf. */
  readonly resolvConf: string;
  /** How its packets get through: the next network need not find that out. */
  readonly shape: Shape;
  /** Idempotent. */
  remove(): Promise<void>;
}

type Closers = (() => Promise<void> | void)[];

/** @throws TareError E_SANDBOX with the reason why there can be none; nothing is left then */
export async function makePrivateNetwork(ground: Ground, shape?: Shape): Promise<PrivateNetwork> {
  const reserved = await reserve(ground);
  const closers: Closers = [() => ground.records.forget(reserved.record)];
  const remove = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await assemble(ground, { ...reserved, shape }, closers)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Reserved {
  readonly record: NetworkRecord;
  readonly subnet: Subnet;
}

async function reserve(ground: Ground): Promise<Reserved> {
  const { records, routes, tools } = ground;
  let subnet: Subnet | undefined;
  const make = (taken: readonly AddressRange[], owner: string): NetworkRecord => {
    subnet = freeSubnet([...routes.taken, ...ground.taken, ...taken], process.pid);
    if (subnet === undefined) throw new TareError('E_SANDBOX', 'no range of addresses is free');
    const id = randomBytes(4).toString('hex');
    const rules = { name: `tare_${id}`, link: `tare${id}`, subnet: subnet.text, ...largestShape(tools) };
    return { id: `${owner}-${id}`, rules };
  };
  try {
    const record = await records.add(make, ({ rules }) => removeParts(ground, rules));
    if (subnet === undefined) throw new Error('a network without addresses');
    return { record, subnet };
  } catch (error) {
    if (isTareError(error, 'E_SANDBOX') || !(error instanceof Error)) throw error;
    throw new TareError('E_SANDBOX', `packets cannot be forwarded here: ${error.message}`, { cause: error });
  }
}

async function assemble(
  ground: Ground,
  { record, shape, subnet }: Reserved & { readonly shape: Shape | undefined },
  closers: Closers,
): Promise<Omit<PrivateNetwork, 'remove'>> {
  const { records, resolver, routes, tools } = ground;
  const { id, rules } = record;
  const file = (kind: string): string => join(records.dir, `${id}.${kind}`);
  const link = makeLink({ tools, link: rules.link, subnet, mtu: routes.mtu, commands: file('ip') });
  let made: Rules = rules;
  closers.push(
    () => removeParts(ground, made),
    () => link.close(),
  );
  // Both have come to an end before anything is removed.
  const [linked, added] = await Promise.allSettled([link.made, addRules(tools, rules, shape)]);
  if (linked.status === 'rejected') throw linked.reason;
  if (added.status === 'rejected') throw added.reason;
  if ('why' in added.value) throw new TareError('E_SANDBOX', added.value.why);
  made = { ...rules, ...added.value };
  const text = resolver.kind === 'direct' ? resolver.text : serverLine(subnet.gateway) + resolver.rest;
  writeFileSync(file('resolv.conf'), text);
  // For every user of the container, whatever the umask is.
  chmodSync(file('resolv.conf'), 0o644);
  if (resolver.kind === 'relay') {
    const relay = await startDnsRelay(subnet.gateway, resolver.upstream).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : '';
      throw new TareError('E_SANDBOX', `no resolver can be offered at ${subnet.gateway}: ${why}`, { cause: error });
    });
    closers.push(() => relay.close());
  }
  return { namespace: link.namespace, resolvConf: file('resolv.conf'), shape: added.value };
}

/** What is not there is none of our business. */
async function removeParts({ tools }: Pick<Ground, 'tools'>, rules: Rules): Promise<void> {
  await Promise.all([removeLink(tools, rules.link), removeRules(tools, rules)]);
}
