import { arch, platform as osPlatform } from 'node:os';
import type { Context } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import { isInside, joinPath, pathOfText, type TreePath } from '../base/path.ts';
import { normalisePlatform, parsePlatform, samePlatform } from '../oci/platform.ts';
import type { Image, Platform } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { contentReader } from '../tree/content.ts';
import { hostTree } from '../tree/host-tree.ts';
import { recording } from '../tree/recording.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { openImage } from '../transports/index.ts';
import { normalised } from './normalise.ts';
import type { Consulted } from './record.ts';
import { isSystemPath, relocated } from './runtimes/relocate.ts';

/** A Tree that offers files, and what is to be known of it. */
export interface Warehouse {
  readonly kind: 'host' | 'image';
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly platform: Platform;
  readonly image?: Image;
  /** PATH of an image that is made from it. */
  readonly path: string;
  /** Folders in which programs are looked up while building, in order. */
  readonly searchPath: readonly TreePath[];
  /** Every host path that was asked for so far. Of an image warehouse nothing: its digest says it all. */
  readonly consulted: () => Consulted;
  /** A file of the host that others may not read, and that nobody runs. */
  readonly isPrivate: (path: TreePath) => boolean;
}

export interface WarehouseOptions {
  /** `host` or an image reference. */
  readonly from: string;
  readonly platform: string | undefined;
  /** PATH of the caller. */
  readonly path: string;
  readonly store: Store;
  readonly ctx: Context;
}

/** The kernel's, and what programs leave there while they run. */
const HIDDEN = ['/proc', '/sys', '/dev', '/run'];
const isShown = (path: TreePath): boolean => !HIDDEN.some((folder) => isInside(pathOfText(folder), path));
const LOCAL_BIN = pathOfText('/usr/local/bin');
const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @throws TareError E_PLATFORM when the warehouse is not of that platform, and what `openImage` throws */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  return options.from === 'host' ? hostWarehouse(options) : imageWarehouse(options);
}

function hostWarehouse(options: WarehouseOptions): Warehouse {
  if (osPlatform() !== 'linux') {
    throw new TareError('E_PLATFORM', `the host runs ${osPlatform()}, an image needs files of Linux`, {
      hint: 'take them from an image: `tare build --from IMAGE`',
    });
  }
  const own = normalisePlatform({ os: 'linux', architecture: arch() === 'x64' ? 'amd64' : arch() });
  if (options.platform !== undefined && !samePlatform(parsePlatform(options.platform), own)) {
    throw new TareError('E_PLATFORM', `the host offers ${own.os}/${own.architecture}, not ${options.platform}`, {
      hint: 'take the files from an image of that platform: `tare build --from IMAGE --platform …`',
    });
  }
  const { consulted, tree: host } = recording(hostTree({ root: '/', hide: HIDDEN }));
  const tree = normalised(host);
  const home = nodeHome(tree, options.path);
  const content = contentReader({
    layerTar: () => Promise.reject(new Error('the host has no layers')),
  });
  return {
    kind: 'host',
    tree: home === undefined ? tree : relocated(tree, [{ from: home.program, to: joinPath(LOCAL_BIN, 'node') }]),
    content,
    platform: own,
    path: STANDARD_PATH,
    searchPath: foldersOf(`${options.path}:${STANDARD_PATH}`, home),
    // What is absent whatever the disk says depends on nothing; the kernel's own files change with every look.
    consulted: () => {
      const { listed, paths } = consulted();
      return { listed: listed.filter(isShown), paths: paths.filter(isShown) };
    },
    isPrivate: (path) => {
      const entry = host.get(path);
      return entry?.type === 'file' && (entry.mode & 0o115) === 0;
    },
  };
}

async function imageWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const image = await openImage(options.from, {
    store: options.store,
    ctx: options.ctx,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  const { config } = image;
  const platform: Platform = {
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined ? {} : { variant: config.variant }),
  };
  if (options.platform !== undefined && !samePlatform(parsePlatform(options.platform), platform)) {
    throw new TareError(
      'E_PLATFORM',
      `${image.reference} is of ${platform.os}/${platform.architecture}, not ${options.platform}`,
    );
  }
  const { content, tree } = await treeOfImage(image, options.store, options.ctx.signal);
  const path = config.config?.Env?.find((item) => item.startsWith('PATH='))?.slice('PATH='.length) ?? STANDARD_PATH;
  return {
    kind: 'image',
    tree,
    content,
    platform,
    image,
    path,
    searchPath: foldersOf(path),
    consulted: () => ({ paths: [], listed: [] }),
    isPrivate: () => false,
  };
}

function foldersOf(path: string, home?: NodeHome): TreePath[] {
  const folders = path.split(':').filter((dir) => dir.startsWith('/'));
  return [...new Set(folders.map(pathOfText).map((dir) => (dir === home?.dir ? LOCAL_BIN : dir)))];
}

/** The first `node` of PATH, when it lies outside the system folders. */
interface NodeHome {
  readonly dir: TreePath;
  readonly program: TreePath;
}

function nodeHome(tree: Tree, path: string): NodeHome | undefined {
  for (const dir of foldersOf(path)) {
    const node = tree.resolve(joinPath(dir, 'node'))?.entry;
    if (node?.type === 'file') return isSystemPath(node.path) ? undefined : { dir, program: node.path };
  }
  return undefined;
}

/** `linux/amd64`, `linux/arm64/v8`. */
export function platformText(platform: Platform): string {
  return [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join('/');
}
