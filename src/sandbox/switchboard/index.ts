import { writeFileSync } from 'node:fs';
import { TareError } from '../../base/error.ts';
import { makeBundle, removeBundle } from '../bundle.ts';
import type { Host } from '../host.ts';
import { serverLine } from '../network/resolver.ts';
import { listenAll } from '../ports.ts';
import { findTool } from '../spawn.ts';
import type { Network, PortMapping } from '../types.ts';
import { startSwitchboard } from './client.ts';
import type { Names, Target } from './protocol.ts';
import { makeSocket } from './socket.ts';

export type { Names, Target } from './protocol.ts';

export interface Bridge {
  readonly name: string;
  /** Of the bridge itself, where names are asked for. */
  readonly gateway: string;
  readonly bits: number;
}

export interface Plugged {
  /** For the container. */
  readonly network: Network;
  /** Takes the namespace away. Idempotent. */
  unplug(): Promise<void>;
}

/** A port of this machine that leads into the system. */
export interface Publication {
  readonly address: string;
  readonly port: number;
  setTargets(targets: readonly Target[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * The private networks of one system: a bridge each, to which containers are plugged, with names for each other. Nothing leads out of them but ports of
 * this machine that lead in. All of it is gone when this process is.
 */
export interface Switchboard {
  addBridge(bridge: Bridge): Promise<void>;
  /** A namespace with a link to each of these bridges (at least one), at the given addresses. */
  plugIn(links: readonly { readonly bridge: string; readonly address: string }[]): Promise<Plugged>;
  setNames(names: Names): Promise<void>;
  /** Takes a port of this machine. @throws TareError as `listenAll` */
  publish(mapping: Pick<PortMapping, 'address' | 'host'>): Promise<Publication>;
  connects(target: Target): Promise<boolean>;
  /** Resolves when its process has ended by itself: no container reaches another any more. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

/** @param base the folder of bundles @throws TareError E_TOOL_MISSING, E_SANDBOX */
export async function openSwitchboard(host: Host, base: string): Promise<Switchboard> {
  const ip = findTool('ip', host.env);
  if (ip === undefined)
    throw new TareError('E_TOOL_MISSING', 'networks between containers cannot be made: ip is not installed', {
      hint: 'install it, e.g. `apt-get install iproute2`',
    });
  const folder = await makeBundle(base, new Map());
  const board = await startSwitchboard(host, ip);
  const bridges = new Map<string, Bridge & { readonly device: string }>();
  const sockets = new Set<() => Promise<void>>();
  let serial = 0;
  const bridgeOf = (name: string) => {
    const bridge = bridges.get(name);
    if (bridge === undefined) throw new Error(`no bridge ${name}`);
    return bridge;
  };
  return {
    lost: board.ended,
    async addBridge(bridge) {
      const device = `tare${bridges.size}`;
      bridges.set(bridge.name, { ...bridge, device });
      await board.ask({ kind: 'bridge', bridge: device, address: bridge.gateway, bits: bridge.bits });
    },
    async plugIn(wanted) {
      const links = wanted.map(({ address, bridge }, index) => {
        const { bits, device } = bridgeOf(bridge);
        return { inside: `eth${index}`, outside: `link${serial++}`, address, bits, device };
      });
      const socket = await makeSocket({ host, ip, pid: board.pid, links });
      sockets.add(socket.close);
      const unplug = async (): Promise<void> => {
        sockets.delete(socket.close);
        await socket.close();
      };
      try {
        for (const { device, outside } of links) await board.ask({ kind: 'plug', bridge: device, link: outside });
        // A program may look for its neighbours before anybody has seen that it runs.
        const networks = wanted.map(({ bridge }) => bridge);
        for (const { address } of wanted) await board.ask({ kind: 'member', address, networks });
      } catch (error) {
        await unplug();
        throw error;
      }
      const [first] = wanted;
      const resolvConf = folder.path(`resolv.conf-${serial}`);
      const server = first === undefined ? '' : serverLine(bridgeOf(first.bridge).gateway);
      writeFileSync(resolvConf, `${server}options ndots:0\n`, { mode: 0o644 });
      return {
        network: {
          kind: 'joined',
          namespace: socket.namespace,
          resolvConf,
          ...(host.rootless ? { userNamespace: `/proc/${board.pid}/ns/user` } : {}),
          ...(first === undefined ? {} : { address: first.address }),
        },
        unplug,
      };
    },
    setNames: async (names) => void (await board.ask({ kind: 'names', names })),
    async publish(mapping) {
      const [listener] = await listenAll([{ ...mapping, container: 0 }]);
      if (listener === undefined) throw new Error('one listener for one mapping');
      const { address = '127.0.0.1', host: port } = listener.mapping;
      const key = `${address}:${port}`;
      try {
        await board.ask({ kind: 'publish', key }, listener.server);
      } finally {
        listener.server.close();
      }
      return {
        address,
        port,
        setTargets: async (targets) => void (await board.ask({ kind: 'targets', key, targets })),
        close: async () => void (await board.ask({ kind: 'close', key })),
      };
    },
    connects: (target) => board.ask({ kind: 'connect', target }),
    async close() {
      await Promise.all([...sockets].map((close) => close()));
      sockets.clear();
      await board.close();
      await removeBundle(folder);
    },
  };
}
