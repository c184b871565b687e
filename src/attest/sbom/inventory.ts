import { createHash } from 'node:crypto';
import { mapLimit } from '../../base/concurrency.ts';
import { throwIfCancelled } from '../../base/context.ts';
import type { Context, Warning } from '../../base/events.ts';
import { compareBytes, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import { evidenceOf } from '../../evidence/image-evidence.ts';
import type { Evidence } from '../../evidence/codec.ts';
import type { Image } from '../../oci/types.ts';
import { osOf } from '../../packages/contents.ts';
import { ownerOf, packageDbs } from '../../packages/index.ts';
import { findRuntimes } from '../../packages/runtimes/index.ts';
import type { Package } from '../../packages/types.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { purlOf, runtimePurl } from './purl.ts';
import type { Component, Inventory, Removed, SbomFile } from './types.ts';

const CONCURRENT_HASHES = 4;
/** Images without a time are as old as Unix. */
const NO_TIME = '1970-01-01T00:00:00Z';

/** Reads every file of the image once (SPDX wants SHA-1), and runs nothing. @throws TareError what reading the image throws */
export async function inventoryOf(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Inventory> {
  const { ctx, image, store } = options;
  const { content, tree } = await treeOfImage(image, store, ctx.signal, { unpack: true });
  const warn = (warning: Warning): void => ctx.onEvent({ kind: 'warning', warning });
  const [databases, os, runtimes] = [
    await packageDbs(tree, content, { under: [ROOT], warn }),
    await osOf(tree, content),
    await findRuntimes({ tree, content }),
  ];
  const entries = [...tree.walk()].filter((entry) => entry.content !== undefined);
  const hashed = await mapLimit(entries, CONCURRENT_HASHES, async (entry) => {
    throwIfCancelled(ctx.signal);
    return [entry.path, await fileOf(entry, content)] as const;
  });
  const owned = new Map<Package, SbomFile[]>();
  const loose: SbomFile[] = [];
  for (const [path, file] of hashed) listFor(owned, loose, ownerOf(databases, path)).push(file);
  const evidence = image.evidence === undefined ? undefined : await evidenceOf(image);
  const dropped = droppedBy(evidence);
  const packages = databases.flatMap((database) => database.packages);
  const components = packages.map((pkg): Component => {
    const paths = dropped.byPackage.get(pkg.name);
    return {
      manager: pkg.manager,
      name: pkg.name,
      version: pkg.version,
      purl: purlOf(pkg, os),
      record: textOfBytes(pkg.record),
      files: owned.get(pkg) ?? [],
      removed: paths === undefined ? null : { ...sumOf(paths), paths: paths.map(({ path }) => textOfBytes(path)) },
    };
  });
  return {
    reference: image.reference,
    digest: image.descriptor.digest,
    platform: { os: image.config.os, architecture: image.config.architecture },
    created: timeOf(image.config.created),
    os,
    runtimes,
    components: [...components, ...ownRuntimes(runtimes, loose)].sort(byIdentity),
    loose,
    removed: evidence === undefined ? null : removedOf(evidence, dropped.byPackage),
  };
}

function listFor(owned: Map<Package, SbomFile[]>, loose: SbomFile[], owner: Package | undefined): SbomFile[] {
  if (owner === undefined) return loose;
  const list = owned.get(owner) ?? [];
  owned.set(owner, list);
  return list;
}

async function fileOf(entry: Entry, content: ContentReader): Promise<SbomFile> {
  const [sha1, sha256] = [createHash('sha1'), createHash('sha256')];
  for await (const chunk of content.stream(entry)) {
    sha1.update(chunk);
    sha256.update(chunk);
  }
  return { path: textOfBytes(entry.path), size: entry.size, sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}

/** Run times that were copied into the image, as most of those in microcontainers are: their file is theirs and stays loose. */
function ownRuntimes(runtimes: Inventory['runtimes'], loose: readonly SbomFile[]): Component[] {
  const files = new Set(loose.map(({ path }) => path));
  return runtimes
    .filter(({ path }) => files.has(path))
    .map(({ name, path, version }) => ({
      manager: 'runtime',
      name,
      version: version ?? '',
      purl: runtimePurl({ name, version: version ?? '' }),
      record: path,
      files: [],
      removed: null,
    }));
}

type DroppedPath = Evidence['dropped'][number];

function droppedBy(evidence: Evidence | undefined): { readonly byPackage: ReadonlyMap<string, DroppedPath[]> } {
  const byPackage = new Map<string, DroppedPath[]>();
  for (const item of evidence?.dropped ?? []) {
    if (item.package === undefined) continue;
    const list = byPackage.get(item.package);
    if (list === undefined) byPackage.set(item.package, [item]);
    else list.push(item);
  }
  return { byPackage };
}

function removedOf(evidence: Evidence, byPackage: ReadonlyMap<string, readonly DroppedPath[]>): Inventory['removed'] {
  return {
    ...sumOf(evidence.dropped),
    packages: [...byPackage]
      .map(([name, paths]) => ({ name, ...sumOf(paths) }))
      .sort((a, b) => compareBytes(a.name, b.name)),
  };
}

function sumOf(paths: readonly { readonly path: TreePath; readonly size: number }[]): Removed {
  return { files: paths.length, bytes: paths.reduce((sum, { size }) => sum + size, 0) };
}

function byIdentity(a: Component, b: Component): number {
  return (
    compareBytes(a.manager, b.manager) ||
    compareBytes(a.name, b.name) ||
    compareBytes(a.version, b.version) ||
    compareBytes(a.record, b.record)
  );
}

/** RFC 3339 to whole seconds, as SPDX writes it. */
function timeOf(created: string | undefined): string {
  const time = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(time) ? NO_TIME : `${new Date(time).toISOString().slice(0, 19)}Z`;
}
