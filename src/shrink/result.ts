import { sha256 } from '../base/digest.ts';
import { formatSize } from '../base/format-size.ts';
import { encodeProfile } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import type { Known } from './knowledge.ts';
import { partialPackages } from './partial.ts';
import type { Produced } from './produce.ts';
import { repairsOf, type Proof } from './prove.ts';
import { securityOf } from './security.ts';
import type { Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkResult } from './types.ts';
import { unownedFolders } from './unowned.ts';
import { nothingButErrors, verdictOf } from './verdict.ts';
import { incompleteness } from './watch.ts';

/** An image in the store, what it was made by, and how it was proved. */
export interface Made extends Known {
  readonly produced: Produced;
  readonly proof?: Proof;
}

/** What `tare shrink` tells of an image that it made. */
export async function resultOf(
  subject: Subject,
  made: Made,
  options: ShrinkOptions,
): Promise<Omit<ShrinkResult, 'attached' | 'outputs' | 'seconds'>> {
  const { files, image, name, platform, size, tightness, tree } = subject;
  const databases = await subject.packages.all();
  const { decision, layers } = made.produced;
  const own = { disk: sum(layers, 'disk'), wire: sum(layers, 'wire') };
  const { profile } = made.knowledge;
  return {
    reference: name,
    digest: made.produced.descriptor.digest,
    platform,
    size: own,
    original: { reference: image.reference, digest: image.descriptor.digest, size, files },
    files: made.produced.files,
    dropped: {
      files: decision.plan.drop.length,
      disk: decision.plan.drop.reduce((total, item) => total + item.size, 0),
    },
    tightness,
    layers: layers.map(({ packed: _packed, ...layer }) => layer),
    ...verdictOf(made.proof, made.original, options),
    profile: profile === undefined ? null : { digest: sha256(encodeProfile(profile)), paths: profile.paths.length },
    security: securityShown(profile, image),
    repaired: repairsOf(made.knowledge),
    partial: partialPackages(decision.plan, tree, databases),
    unowned: unownedFolders(decision.plan, tree, databases),
    overBudget: overBudget(options.budget, own),
    warnings: [
      ...incompleteness(made.original),
      ...nothingButErrors(made.proof?.compared ?? []),
      ...decision.plan.warnings,
    ],
  };
}

function securityShown(profile: Profile | undefined, image: Subject['image']): ShrinkResult['security'] {
  const security = securityOf(profile, image);
  return security === undefined ? null : { syscalls: security.syscalls.length, capabilities: security.capabilities };
}

function sum<K extends string>(items: readonly Readonly<Record<K, number>>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}

/** One line for each exceeded limit; empty when the image keeps to its budget. */
function overBudget(budget: ShrinkOptions['budget'], size: ShrinkResult['size']): string[] {
  return (['disk', 'wire'] as const).flatMap((kind) => {
    const limit = budget?.[kind];
    if (limit === undefined || size[kind] <= limit) return [];
    return [
      `${kind}: ${formatSize(size[kind])}, ${formatSize(size[kind] - limit)} more than the ${formatSize(limit)} that tare.yaml allows`,
    ];
  });
}
