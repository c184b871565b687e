import { readFileSync } from 'node:fs';
import { errnoOf, isTareError } from '../../base/error.ts';
import { hasCapability, readPrivileges } from '../capabilities.ts';
import { findTool, toolEnvironment } from '../spawn.ts';
import type { Network, Sandbox } from '../types.ts';
import { parseRange } from './addresses.ts';
import type { Shape } from './firewall.ts';
import { makePrivateNetwork, type Ground, type PrivateNetwork } from './private-network.ts';
import { loopbackProxy, proxyHosts } from './proxies.ts';
import { openRecords } from './records.ts';
import { resolverFor } from './resolver.ts';
import { readRoutes } from './routes.ts';

export interface NetworkLease {
  readonly network: Network;
  /** @param isClean whether the next one may have it: nobody could change it. */
  release(isClean: boolean): void;
}

/** Networks for containers that need a way out: private ones, each with one container at a time; where that cannot be, this machine's own. */
export interface Networks {
  /** Begins to make one, so that it is there when it is needed. */
  prepare(): void;
  lease(): Promise<NetworkLease>;
  /** Removes all of them. Idempotent. */
  close(): Promise<void>;
}

export interface NetworksOptions {
  readonly sandbox: Pick<Sandbox, 'ids'>;
  readonly env: NodeJS.ProcessEnv;
  /** `NAME=value`: the proxies that the containers are told of. */
  readonly proxies: readonly string[];
  /** Is told once why it is this machine's network, and how that could be otherwise. */
  readonly onHost: (why: string, cure: string) => void;
}

interface Refusal {
  readonly why: string;
  readonly cure: string;
}

const ASK_FOR_HOST = 'say --network host if that is what you want';

export function openNetworks(options: NetworksOptions): Networks {
  let ground: Promise<Ground | Refusal> | undefined;
  let shape: Shape | undefined;
  let isTold = false;
  const free: Promise<PrivateNetwork | Refusal>[] = [];
  const all = new Set<Promise<PrivateNetwork | Refusal>>();
  const make = (): Promise<PrivateNetwork | Refusal> => {
    const made = (ground ??= inspect(options)).then(async (found) => {
      if ('why' in found) return found;
      try {
        const network = await makePrivateNetwork(found, shape);
        shape = network.shape;
        return network;
      } catch (error) {
        if (!isTareError(error, 'E_SANDBOX')) throw error;
        return { why: error.message, cure: ASK_FOR_HOST };
      }
    });
    all.add(made);
    // Who leases it gets the error.
    made.catch(() => undefined);
    return made;
  };
  return {
    prepare: () => {
      if (all.size === 0) free.push(make());
    },
    lease: async () => {
      const promise = free.pop() ?? make();
      const made = await promise;
      if ('why' in made) {
        free.push(promise);
        if (!isTold) options.onHost(made.why, made.cure);
        isTold = true;
        return { network: { kind: 'host' }, release: () => undefined };
      }
      const { namespace, resolvConf } = made;
      return {
        network: { kind: 'joined', namespace, resolvConf },
        release: (isClean) => void (isClean && free.push(promise)),
      };
    },
    close: async () => {
      const made = [...all];
      all.clear();
      free.length = 0;
      const settled = await Promise.allSettled(made);
      await Promise.all(
        settled.flatMap((each) => (each.status === 'fulfilled' && 'remove' in each.value ? [each.value.remove()] : [])),
      );
    },
  };
}

/** Looks for all that a private network needs, the cheapest first. */
async function inspect({ env, proxies, sandbox }: NetworksOptions): Promise<Ground | Refusal> {
  const proxy = loopbackProxy(proxies, textOf('/etc/hosts'));
  if (proxy !== undefined)
    return {
      why: `the proxy in ${proxy} listens on this machine's loopback alone`,
      cure: 'let it listen on another address of this machine, or say --network host',
    };
  if (sandbox.ids !== 'all')
    return { why: 'a private network with a way out needs root', cure: `run as root, or ${ASK_FOR_HOST}` };
  const { effective } = await readPrivileges();
  if (!hasCapability(effective, 'CAP_NET_ADMIN'))
    return { why: 'CAP_NET_ADMIN is missing', cure: `give it to this container, or ${ASK_FOR_HOST}` };
  const [ip, unshare, sh, nft, iptables] = ['ip', 'unshare', 'sh', 'nft', 'iptables'].map((name) =>
    findTool(name, env),
  );
  if (ip === undefined || unshare === undefined || sh === undefined)
    return { why: 'ip is not installed', cure: 'install it, e.g. `apt-get install iproute2`' };
  const tools = { ip, unshare, sh, nft, iptables, env: toolEnvironment(env) };
  if (nft === undefined && iptables === undefined)
    return { why: 'neither nft nor iptables is installed', cure: 'install one, e.g. `apt-get install nftables`' };
  const routes = readRoutes();
  if (routes === undefined) return { why: 'the kernel does not tell its routes', cure: ASK_FOR_HOST };
  if (!routes.leadsOut) return { why: 'this machine has no route of IPv4', cure: ASK_FOR_HOST };
  const resolver = resolverFor(textOf('/etc/resolv.conf'), textOf('/run/systemd/resolve/resolv.conf'));
  const servers = resolver.kind === 'direct' ? resolver.servers : [];
  const taken = [...servers, ...proxyHosts(proxies).values()].flatMap((host) => parseRange(host) ?? []);
  return openRecords().then(
    (records) => ({ tools, routes, resolver, taken, records }),
    (error: unknown) => {
      if (!(error instanceof Error)) throw error;
      return { why: `networks cannot be noted: ${error.message}`, cure: ASK_FOR_HOST };
    },
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
}
