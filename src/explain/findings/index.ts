import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import type { Image } from '../../oci/types.ts';
import { osOf } from '../../packages/contents.ts';
import { packageDbs } from '../../packages/index.ts';
import { findRuntimes } from '../../packages/runtimes/index.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage, type ImageTree } from '../../tree/image-tree.ts';
import { ageOf } from './age.ts';
import { certificates } from './certificates.ts';
import { goBuilds } from './go.ts';
import { libcs } from './libc.ts';
import { missingParts } from './missing.ts';
import { packageCounts } from './packages.ts';
import { secretsOf } from './secrets/index.ts';
import { mostSpecial, specialFiles } from './special.ts';
import type { Subject } from './subject.ts';
import type { FindingCounts, Findings, Secrets } from './types.ts';
import { userOf } from './user.ts';

export type { Findings } from './types.ts';

type Found = Omit<Findings, 'counts' | 'secrets'> & { readonly secrets: Secrets };

/** One line per kind. */
const FINDERS: { readonly [K in keyof Found]: (subject: Subject) => Promise<Found[K]> | Found[K] } = {
  os: ({ content, tree }) => osOf(tree, content),
  libc: libcs,
  runtimes: ({ runtimes }) => runtimes,
  go: goBuilds,
  packages: packageCounts,
  user: userOf,
  special: specialFiles,
  secrets: secretsOf,
  certificates,
  missing: missingParts,
  age: ageOf,
};

/** Rows of each list at most. */
const MAX_ROWS = 1000;

/** Changes with what is in an answer. */
const VERSION = 2;

/**
 * What is in an image, by kind. Nothing is run. The answer is remembered in the store.
 * @param options.opened its tree, when it is at hand: opened with `unpack`, for content is read
 * @throws TareError what reading the image throws
 */
export async function findingsOf(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
  readonly opened?: ImageTree;
}): Promise<Findings> {
  const { image, store } = options;
  const about = `findings ${VERSION} ${image.descriptor.digest}`;
  const question = { about, source: image.blobs, layers: image.manifest.layers };
  const known = await store.recall(question);
  if (known !== undefined) return JSON.parse(known) as Findings;
  const found = await findAll(options);
  await store.remember(question, JSON.stringify(found));
  return found;
}

async function findAll({ ctx, image, opened, store }: Parameters<typeof findingsOf>[0]): Promise<Findings> {
  const { content, indexes, tree } = opened ?? (await treeOfImage(image, store, ctx.signal, { unpack: true }));
  const databases = await packageDbs(tree, content, { under: [ROOT] });
  const runtimes = await findRuntimes({ tree, content });
  const subject = { image, tree, content, indexes, databases, runtimes, ctx };
  const found: [string, unknown][] = [];
  for (const [kind, find] of Object.entries(FINDERS)) found.push([kind, await find(subject)]);
  // The table has a finder for each kind, of its type.
  return cut(Object.fromEntries(found) as unknown as Found);
}

function cut(all: Found): Findings {
  const { go, missing, runtimes, secrets, special } = all;
  const first = <T>(list: readonly T[]): readonly T[] => list.slice(0, MAX_ROWS);
  const counts: FindingCounts = {
    runtimes: runtimes.length,
    go: go.length,
    special: special.length,
    secrets: secrets.found.length,
    unsearched: secrets.unsearched,
    certificates: all.certificates.length,
    missing: missing.length,
  };
  return {
    ...all,
    runtimes: first(runtimes),
    go: first(go),
    special: mostSpecial(special, MAX_ROWS),
    secrets: first(secrets.found),
    certificates: first(all.certificates),
    missing: first(missing),
    counts,
  };
}
