import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import type { Image } from '../../oci/types.ts';
import { osOf } from '../../packages/contents.ts';
import { packageDbs } from '../../packages/index.ts';
import { findRuntimes } from '../../packages/runtimes/index.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import { ageOf } from './age.ts';
import { packageCounts } from './packages.ts';
import { specialFiles } from './special.ts';
import type { Subject } from './subject.ts';
import type { FindingCounts, Findings } from './types.ts';
import { userOf } from './user.ts';

export type { Findings } from './types.ts';

type Kind = Exclude<keyof Findings, 'counts'>;
type Finder<K extends Kind> = (subject: Subject) => Promise<Findings[K]> | Findings[K];

/** One line per kind. */
const FINDERS: { readonly [K in Kind]: Finder<K> } = {
  os: ({ content, tree }) => osOf(tree, content),
  libc: () => [],
  runtimes: findRuntimes,
  go: () => [],
  packages: packageCounts,
  user: userOf,
  special: specialFiles,
  secrets: () => [],
  certificates: () => [],
  missing: () => [],
  age: ageOf,
};

/** Rows of each list at most. */
const MAX_ROWS = 1000;

/** What is in an image, by kind. Nothing is run. @throws TareError what reading the image throws */
export async function findingsOf(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Findings> {
  const { ctx, image, store } = options;
  const { content, indexes, tree } = await treeOfImage(image, store, ctx.signal, { unpack: true });
  const databases = await packageDbs(tree, content, { under: [ROOT] });
  const subject = { image, tree, content, indexes, databases, ctx };
  const all = {
    os: await FINDERS.os(subject),
    libc: await FINDERS.libc(subject),
    runtimes: await FINDERS.runtimes(subject),
    go: await FINDERS.go(subject),
    packages: await FINDERS.packages(subject),
    user: await FINDERS.user(subject),
    special: await FINDERS.special(subject),
    secrets: await FINDERS.secrets(subject),
    certificates: await FINDERS.certificates(subject),
    missing: await FINDERS.missing(subject),
    age: await FINDERS.age(subject),
  };
  return cut(all);
}

function cut(all: Omit<Findings, 'counts'>): Findings {
  const { certificates, go, missing, runtimes, secrets, special } = all;
  const first = <T>(list: readonly T[]): readonly T[] => list.slice(0, MAX_ROWS);
  const counts: FindingCounts = {
    runtimes: runtimes.length,
    go: go.length,
    special: special.length,
    secrets: secrets.length,
    certificates: certificates.length,
    missing: missing.length,
  };
  return {
    ...all,
    runtimes: first(runtimes),
    go: first(go),
    special: first(special),
    secrets: first(secrets),
    certificates: first(certificates),
    missing: first(missing),
    counts,
  };
}
