import { isTareError, TareError } from '../../base/error.ts';
import type { Service } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import { rootfsOf } from '../../pack/roots.ts';
import type { Running, Switchboard } from '../../sandbox/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import { specOf } from './container-spec.ts';
import { mountsOf } from './mounts.ts';
import type { Replica } from './plan.ts';
import type { SystemOptions } from './system.ts';

export interface StarterTools {
  readonly board: Switchboard;
  /** Gets what has to be given back when the system ends. */
  readonly closing: (() => Promise<void>)[];
  /** Resolves when the replica's names are known. */
  readonly named: () => Promise<unknown>;
}

export function imageOf(images: ReadonlyMap<string, Image>, { name }: Service): Image {
  const image = images.get(name);
  if (image === undefined) throw new Error(`no image for ${name}`);
  return image;
}

export interface Starter {
  /** Its place in the networks and its mounts are made the first time. */
  readonly start: (signal: AbortSignal) => Promise<Running>;
  /** Makes its root: `start` waits for that. Never rejects: who needs the root gets the error. */
  readonly unpack: () => Promise<void>;
  /** The system stops before it was the turn of this one. */
  readonly giveUp: () => void;
}

/** Nobody has named the image or the program on the command line: it says which service does. */
function ofService(error: unknown, { at, image, name }: Service): unknown {
  if (!isTareError(error) || error.code === 'E_CANCELLED') return error;
  const { code, message } = error;
  const hint = image === undefined ? error.hint : error.hint.replace('tare files IMAGE', `tare files ${image}`);
  return new TareError(code, `${at}: ${name}: ${message}`, { cause: error, hint });
}

/** What starts a container of a replica. */
export function starter(
  { ctx, folders, images, project, sandbox, store, trace }: SystemOptions,
  replica: Replica,
  { board, closing, named }: StarterTools,
): Starter {
  const image = imageOf(images, replica.service);
  const unpackNow = async () => {
    const tree = await treeOfImage(image, store, ctx.signal);
    const rootfs = await rootfsOf({ image, imageTree: tree, store, ctx });
    closing.push(rootfs.release);
    return { tree: tree.tree, rootfs };
  };
  let decide: (unpacked: ReturnType<typeof unpackNow>) => void = () => undefined;
  const unpacked = new Promise<Awaited<ReturnType<typeof unpackNow>>>((resolve) => (decide = resolve));
  unpacked.catch(() => undefined);
  const prepare = async () => {
    const { rootfs, tree } = await unpacked;
    const mounted = { tree, rootfs: rootfs.dir };
    const mounts = await mountsOf(replica, mounted, { ctx, project, sandbox, ...folders });
    if (replica.links.length === 0) return { rootfs: rootfs.dir, mounts, network: { kind: 'none' } as const };
    const plugged = await board.plugIn(replica.links);
    closing.push(plugged.unplug);
    return { rootfs: rootfs.dir, mounts, network: plugged.network };
  };
  let prepared: ReturnType<typeof prepare> | undefined;
  return {
    async unpack() {
      const now = unpackNow();
      decide(now);
      await now.catch(() => undefined);
    },
    giveUp: () => decide(Promise.reject(new TareError('E_CANCELLED', 'the system is stopped'))),
    async start(signal) {
      const parts = await (prepared ??= prepare());
      await named();
      try {
        return await sandbox.start(specOf({ replica, image, trace, ...parts }), signal);
      } catch (error) {
        throw ofService(error, replica.service);
      }
    },
  };
}
