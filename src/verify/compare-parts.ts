import { partsOf, type BodyParts } from '../sandbox/probes/body-parts.ts';
import type { BodyAnswer } from '../sandbox/probes/index.ts';

/** What a body is made of, however it is kept; undefined when it is not. */
export function partsOfBody({ parts, text }: BodyAnswer): BodyParts | undefined {
  return parts ?? (text === undefined ? undefined : partsOf(Buffer.from(text, 'utf8')));
}

/** How many parts all bodies of the original have, as far as that is known, and how many of those this one does not have. */
export function lostParts(
  references: readonly BodyParts[],
  here: BodyParts,
): { readonly lost: number; readonly of: number; readonly sampled: boolean } {
  const all = [...references, here];
  // Beyond the last hash of a sample nothing is known.
  const limit = Math.min(
    ...all.map(({ hashes, sampled }) => (sampled ? (hashes.at(-1) ?? 0) : Number.POSITIVE_INFINITY)),
  );
  const [first, ...others] = references.map(({ hashes }) => new Set(hashes));
  const mine = new Set(here.hashes);
  const repeated = [...(first ?? [])].filter((hash) => hash <= limit && others.every((other) => other.has(hash)));
  return {
    lost: repeated.filter((hash) => !mine.has(hash)).length,
    of: repeated.length,
    sampled: Number.isFinite(limit),
  };
}
