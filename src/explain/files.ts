import picomatch from 'picomatch';
import type { Context } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import { pathOfText, quotePath, ROOT, textOfBytes, type TreePath } from '../base/path.ts';
import type { Bytes } from '../base/streams.ts';
import type { Image } from '../oci/types.ts';
import { ownerOf, packageDbs } from '../packages/index.ts';
import type { Package, PackageDb } from '../packages/types.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { treeOfLayers } from '../tree/layers.ts';
import type { Entry, EntryType } from '../tree/types.ts';

/** One line of `tare files`. Texts are decoded (invalid UTF-8 as lone surrogates); xattr values are base64. */
export interface FileRow {
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly link?: string;
  readonly sha256?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly layer: number | null;
  readonly package?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

export interface FilesOptions {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
  /** Matched against the whole path; `*` stops at a slash, `**` does not. */
  readonly glob?: string;
  /** What this one layer (0 = base) holds, whiteouts left out, instead of the flattened image. */
  readonly layer?: number;
  /** What this package owns: a name, or `MANAGER NAME` where several managers have one of it. */
  readonly package?: string;
  /** By path (default), or the largest first. */
  readonly sort?: 'path' | 'size';
}

/** Every path of the image but the root, in byte order or by size. @throws TareError E_USAGE for a layer or a package that is not there */
export async function files(options: FilesOptions): Promise<readonly FileRow[]> {
  const { image, store } = options;
  const { content, indexes, tree } = await treeOfImage(image, store, options.ctx.signal);
  let shown = tree;
  if (options.layer !== undefined) {
    const index = indexes[options.layer];
    if (index === undefined) {
      throw new TareError(
        'E_USAGE',
        `${image.reference} has no layer ${options.layer}: it has ${indexes.length}, counted from 0`,
      );
    }
    shown = treeOfLayers([index], { lenient: true });
  }
  const databases = await packageDbs(tree, content, { under: [ROOT] });
  const matches = options.glob === undefined ? () => true : globOf(options.glob);
  const isOwner = ownerFilter(options, databases);
  const rows: FileRow[] = [];
  for (const entry of shown.walk()) {
    const path = textOfBytes(entry.path);
    if (!matches(path)) continue;
    const owner = ownerOf(databases, entry.path);
    if (isOwner(owner)) rows.push(rowOf(entry, path, owner?.name, options.layer));
  }
  return options.sort === 'size' ? rows.sort((a, b) => b.size - a.size) : rows;
}

function ownerFilter(
  { image, package: wanted }: FilesOptions,
  databases: readonly PackageDb[],
): (owner: Package | undefined) => boolean {
  if (wanted === undefined) return () => true;
  const isWanted = ({ manager, name }: Package): boolean => name === wanted || `${manager} ${name}` === wanted;
  if (!databases.some(({ packages }) => packages.some(isWanted))) {
    throw new TareError('E_USAGE', `${image.reference} has no package ${JSON.stringify(wanted)}`, {
      hint: `list them with \`tare layers ${image.reference} --limit 0\``,
    });
  }
  return (owner) => owner !== undefined && isWanted(owner);
}

function globOf(glob: string): (path: string) => boolean {
  const absolute = glob.startsWith('/') || glob.startsWith('**') ? glob : `/${glob}`;
  // A name may hold a newline.
  return picomatch(absolute, { dot: true, flags: 's' });
}

function rowOf(entry: Entry, path: string, owner: string | undefined, layer: number | undefined): FileRow {
  return {
    path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    ...(entry.link === undefined ? {} : { link: textOfBytes(entry.link) }),
    ...(entry.sha256 === undefined ? {} : { sha256: entry.sha256 }),
    ...(entry.device === undefined ? {} : { device: entry.device }),
    layer: layer ?? entry.layer ?? null,
    ...(owner === undefined ? {} : { package: owner }),
    ...(entry.xattrs === undefined || entry.xattrs.size === 0 ? {} : { xattrs: xattrsOf(entry.xattrs) }),
  };
}

function xattrsOf(xattrs: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(
    [...xattrs].map(([name, value]) => [textOfBytes(name), Buffer.from(value).toString('base64')]),
  );
}

/** The bytes of one file, links followed inside the image. @throws TareError E_PATH_NOT_FOUND, E_NOT_FILE */
export async function catFile(options: Omit<FilesOptions, 'glob' | 'layer'>, path: string): Promise<Bytes> {
  const { content, tree } = await treeOfImage(options.image, options.store, options.ctx.signal);
  const wanted: TreePath = pathOfText(path);
  const found = tree.resolve(wanted);
  if (found === undefined)
    throw new TareError('E_PATH_NOT_FOUND', `${options.image.reference} has no ${quotePath(wanted)}`);
  if (found.entry.content === undefined)
    throw new TareError('E_NOT_FILE', `${quotePath(wanted)} is a ${found.entry.type}, not a file`);
  return content.stream(found.entry);
}
