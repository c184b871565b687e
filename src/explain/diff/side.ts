import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../base/events.ts';
import { fromErrno, TareError } from '../../base/error.ts';
import { cleanPath } from '../../base/path.ts';
import type { TarMember } from '../../formats/tar/index.ts';
import type { Store } from '../../store/types.ts';
import { openTar } from '../../transports/open-archive.ts';
import { openImage } from '../../transports/index.ts';
import { contentReader } from '../../tree/content.ts';
import { treeOfDirectory } from '../../tree/directory.ts';
import { membersOf, rootOfArchive } from './archive.ts';
import type { DiffFiles, DiffSide } from './types.ts';

export interface SideTools {
  readonly ctx: Context;
  readonly store: Store;
  /** Of an image, when the reference offers several. */
  readonly platform?: string;
}

/**
 * What a word of the command line names: `dir:PATH` a folder, `tar:FILE` an archive of a root file system (also with gzip or zstd), a path
 * (`./…`, `../…`, `/…`, `~/…`) whatever lies there, and everything else an image.
 * @throws TareError E_PATH_NOT_FOUND; what opening it throws
 */
export async function openSide(text: string, tools: SideTools): Promise<DiffSide> {
  if (text.startsWith('dir:')) return folderSide(text.slice('dir:'.length), text);
  if (text.startsWith('tar:')) return archiveSide(text.slice('tar:'.length), tools);
  if (!/^(?:\.{0,2}\/|\.{1,2}$)/.test(text)) return { image: await openImage(text, tools) };
  if (isFolder(text))
    return hasFile(text, 'oci-layout') ? { image: await openImage(`oci:${text}`, tools) } : folderSide(text, text);
  return archiveSide(text, tools, true);
}

async function folderSide(path: string, reference: string): Promise<DiffFiles> {
  if (path === '') throw new TareError('E_USAGE', `${JSON.stringify(reference)} names no folder`);
  const noLayers = (): Promise<never> => Promise.reject(new Error('a folder has no layers'));
  return {
    reference,
    tree: await treeOfDirectory(path),
    content: contentReader({ layerTar: noLayers }),
    xattrs: false,
  };
}

async function archiveSide(path: string, tools: SideTools, orImage = false): Promise<DiffSide> {
  const file = await openTar(path, tools);
  const members = await membersOf(file, tools.ctx);
  const transport = orImage ? imageIn(members) : undefined;
  if (transport !== undefined) return { image: await openImage(`${transport}:${path}`, tools) };
  return { reference: orImage ? path : `tar:${path}`, ...rootOfArchive(file, members), xattrs: true };
}

/** Which transport an archive of an image is of. What `docker save` writes since Docker 25 is both. */
function imageIn(members: readonly TarMember[]): 'docker-archive' | 'oci-archive' | undefined {
  const names = new Set<string>();
  for (const { path, type } of members) if (type === 'file') names.add(cleanPath(path));
  if (names.has('/manifest.json')) return 'docker-archive';
  return names.has('/oci-layout') && names.has('/index.json') ? 'oci-archive' : undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fromErrno(error, `cannot look at ${JSON.stringify(path)}`);
  }
}

const hasFile = (folder: string, name: string): boolean =>
  statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true;
