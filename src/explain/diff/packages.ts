import { compareBytes } from '../../base/path.ts';
import { ownerOf } from '../../packages/index.ts';
import type { Package, PackageDb } from '../../packages/types.ts';
import type { DiffEntry } from '../../tree/diff.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { DiffPackage, DiffPackageChange, DiffPackageSize, ImageDiff } from './types.ts';

/** What packages a side has, and which bytes are theirs. */
export interface OwnedSide {
  readonly tree: Tree;
  readonly databases: readonly PackageDb[];
  readonly describe: (entry: Entry) => DiffEntry;
}

interface Owned {
  readonly manager: string;
  readonly name: string;
  /** Each of them once for each place that it is installed in, in byte order. */
  readonly versions: { readonly version: string; bytes: number }[];
  bytes: number;
}

interface Sums {
  readonly packages: ReadonlyMap<string, Owned>;
  readonly unowned: number;
}

type PackageDiff = Pick<ImageDiff, 'packages' | 'packageSizes'>;

/** By manager and name. Of several versions of one package those that both sides have are left out; the rest is paired in byte order. */
export function diffPackages(before: OwnedSide, after: OwnedSide): PackageDiff {
  const [one, two] = [sumsOf(before), sumsOf(after)];
  const keys = [...new Set([...one.packages.keys(), ...two.packages.keys()])].sort(compareBytes);
  const added: DiffPackage[] = [];
  const removed: DiffPackage[] = [];
  const changed: DiffPackageChange[] = [];
  const sizes: DiffPackageSize[] = [];
  for (const key of keys) {
    const [a, b] = [one.packages.get(key), two.packages.get(key)];
    const { manager, name } = (a ?? b) as Owned;
    const [gone, come] = differingVersions(a?.versions ?? [], b?.versions ?? []);
    const pairs = Math.min(gone.length, come.length);
    for (const [at, from] of gone.entries()) {
      const to = at < pairs ? come[at] : undefined;
      if (to === undefined) removed.push({ manager, name, ...from });
      else changed.push({ manager, name, from: from.version, to: to.version, bytes: to.bytes - from.bytes });
    }
    added.push(...come.slice(pairs).map((each) => ({ manager, name, ...each })));
    const row = { before: a?.bytes ?? 0, after: b?.bytes ?? 0 };
    sizes.push({ manager, name, ...row, delta: row.after - row.before });
  }
  const unowned = { before: one.unowned, after: two.unowned, delta: two.unowned - one.unowned };
  sizes.push({ manager: null, name: null, ...unowned });
  return {
    packages: { added, removed, changed },
    packageSizes: sizes
      .filter(({ delta }) => delta !== 0)
      .sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta) || compareBytes(nameOf(a), nameOf(b))),
  };
}

const nameOf = ({ manager, name }: DiffPackageSize): string => `${manager ?? ''} ${name ?? ''}`;

type Version = Owned['versions'][number];

function differingVersions(
  before: readonly Version[],
  after: readonly Version[],
): readonly [gone: readonly Version[], come: readonly Version[]] {
  const come = [...after];
  const gone = before.filter(({ version }) => {
    const at = come.findIndex((other) => other.version === version);
    if (at !== -1) come.splice(at, 1);
    return at === -1;
  });
  return [gone, come];
}

function sumsOf({ databases, describe, tree }: OwnedSide): Sums {
  const packages = new Map<string, Owned>();
  const versions = new Map<Package, { readonly owned: Owned; readonly version: Version }>();
  for (const database of databases) {
    for (const pkg of database.packages) {
      const key = `${pkg.manager} ${pkg.name}`;
      let owned = packages.get(key);
      if (owned === undefined)
        packages.set(key, (owned = { manager: pkg.manager, name: pkg.name, versions: [], bytes: 0 }));
      const version = { version: pkg.version, bytes: 0 };
      owned.versions.push(version);
      versions.set(pkg, { owned, version });
    }
  }
  let unowned = 0;
  for (const entry of tree.walk()) {
    const { cost } = describe(entry);
    if (cost === 0) continue;
    const owner = ownerOf(databases, entry.path);
    const found = owner === undefined ? undefined : versions.get(owner);
    if (found === undefined) unowned += cost;
    else {
      found.owned.bytes += cost;
      found.version.bytes += cost;
    }
  }
  for (const owned of packages.values()) owned.versions.sort((a, b) => compareBytes(a.version, b.version));
  return { packages, unowned };
}
