import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TareError } from '../../base/error.ts';
import { compareBytes } from '../../base/path.ts';
import { openSocketFolder, type Mount } from '../../sandbox/index.ts';
import type { ExecMount } from '../types.ts';
import { openCache } from './cache-folders.ts';
import type { Snapshots } from './snapshots.ts';
import { relaySsh } from './ssh-relay.ts';

export interface MountsOptions {
  readonly mounts: readonly ExecMount[];
  /** The folders of what a mount names in `from`, lowest first. */
  readonly lowersOf: (mount: ExecMount) => readonly string[];
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Id → path of an agent's socket. */
  readonly ssh: ReadonlyMap<string, string>;
  /** Folders of cache mounts. */
  readonly caches: string;
  readonly snapshots: Snapshots;
  /** A folder of this step, for what is written to binds and is lost. */
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface OpenMounts {
  /** The outer of two before the inner. */
  readonly mounts: readonly Mount[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Below `scratch`. */
  readonly changes: readonly string[];
  close(): Promise<void>;
}

/**
 * Makes what the mounts of a step show, and holds it until `close`.
 * @throws TareError E_SECRET for a secret or an agent that is required and not given; as openCache
 */
export async function openMounts(options: MountsOptions): Promise<OpenMounts> {
  const { scratch, secrets, signal, snapshots, ssh } = options;
  const mounts: Mount[] = [];
  const env: string[] = [];
  const changes: string[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const lowersOf = (mount: ExecMount): readonly string[] => {
    const lowers = options.lowersOf(mount);
    return lowers.length === 0 ? [snapshots.empty] : lowers;
  };
  const cachesById = new Map<string, { readonly dir: string }>();
  /** Each once, in the order of their names: two steps that lock several never wait for each other in a circle. */
  const openCaches = async (): Promise<void> => {
    const wanted = options.mounts.filter((mount) => mount.kind === 'cache');
    for (const mount of wanted.sort((a, b) => compareBytes(a.id, b.id))) {
      if (cachesById.has(mount.id)) continue;
      const from = mount.from === undefined ? undefined : lowersOf(mount);
      const cache = await openCache({ mount, caches: options.caches, snapshots, from, signal });
      closers.push(() => cache.release());
      cachesById.set(mount.id, cache);
    }
  };
  const open = async (mount: ExecMount, number: number): Promise<void> => {
    switch (mount.kind) {
      case 'bind': {
        const view = {
          kind: 'view',
          lowers: lowersOf(mount),
          source: mount.source,
          target: mount.target,
        } as const;
        if (mount.readOnly) {
          mounts.push(view);
          return;
        }
        const dir = join(scratch, `bind-${number}`);
        mkdirSync(dir);
        changes.push(dir);
        mounts.push({ ...view, changes: dir });
        return;
      }
      case 'cache': {
        const cache = cachesById.get(mount.id);
        if (cache === undefined) throw new Error(`the cache ${mount.id} was not opened`);
        mounts.push({ source: cache.dir, target: mount.target, readOnly: mount.readOnly });
        return;
      }
      case 'tmpfs':
        mounts.push({ kind: 'tmpfs', target: mount.target, size: mount.size });
        return;
      case 'secret': {
        const bytes = secrets.get(mount.id);
        if (bytes === undefined) {
          if (mount.required) throw missing('secret', mount.id, `--secret id=${mount.id},src=FILE`);
          return;
        }
        const { gid, mode, target, uid } = mount;
        if (target !== undefined) mounts.push({ kind: 'secret', target, bytes, mode, uid, gid });
        if (mount.env !== undefined && bytes.includes(0))
          throw new TareError(
            'E_SECRET',
            `the secret ${JSON.stringify(mount.id)} holds a NUL byte, which no environment variable can`,
            {
              hint: 'mount it as a file: target= instead of env=',
            },
          );
        if (mount.env !== undefined) env.push(`${mount.env}=${Buffer.from(bytes).toString('utf8')}`);
        return;
      }
      case 'ssh': {
        const agent = ssh.get(mount.id);
        if (agent === undefined) {
          if (mount.required) throw missing('ssh agent', mount.id, `--ssh ${mount.id}`);
          return;
        }
        const folder = await openSocketFolder(options.env);
        closers.push(() => folder.remove());
        const path = folder.path('agent');
        const relay = await relaySsh(path, agent);
        closers.push(() => relay.close());
        await snapshots.work.run('own', { path, mkdir: false, ...snapshots.ownerOf(mount) }, signal);
        mounts.push({ source: path, target: mount.target, readOnly: false });
        if (!env.some((line) => line.startsWith('SSH_AUTH_SOCK='))) env.push(`SSH_AUTH_SOCK=${mount.target}`);
      }
    }
  };
  try {
    await openCaches();
    for (const [number, mount] of options.mounts.entries()) await open(mount, number);
    return { mounts: mounts.sort((a, b) => depthOf(a) - depthOf(b)), env, changes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const depthOf = ({ target }: Mount): number => target.split('/').filter((name) => name !== '').length;

function missing(what: string, id: string, flag: string): TareError {
  return new TareError('E_SECRET', `the step needs the ${what} ${JSON.stringify(id)}, which was not given`, {
    hint: `give it: ${flag}`,
  });
}
