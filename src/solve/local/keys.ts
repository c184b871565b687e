import { sha256, type Digest } from '../../base/digest.ts';
import { canonical, operationOf } from '../digest.ts';
import type { ExecVertex, FileVertex } from '../types.ts';

const VERSION = 'tare.step.v1';

/** What a step's result depends on, in parts that people can compare with those of another time. */
export interface StepKey {
  readonly digest: Digest;
  /** `operation`, `root`, and one for each input: name → digest or text. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * The key of a file step: its operation, the file system that it changes (by chain ID), and what it copies, by content: names, modes, bytes; not times, so
 * that a fresh checkout is no change. `contents`: one for each copy, in order.
 */
export function fileKey(
  vertex: FileVertex,
  root: Digest,
  contents: readonly Digest[],
  epoch: number | undefined,
): StepKey {
  const operation = canonical(operationOf(vertex, () => null));
  const parts = {
    operation,
    root,
    ...(epoch === undefined ? {} : { epoch: String(epoch) }),
    ...Object.fromEntries(contents.map((digest, index) => [`files ${index + 1}`, digest])),
  };
  return keyOf(parts);
}

/** The key of a process: what is run, in which root, with what mounted. `mounts`: the digest of each bind mount's content, by its target. */
export function execKey(
  vertex: ExecVertex,
  root: Digest,
  mounts: readonly (readonly [target: string, content: Digest])[],
  epoch: number | undefined,
): StepKey {
  const operation = canonical(operationOf(vertex, () => null));
  const parts = {
    operation,
    root,
    ...(epoch === undefined ? {} : { epoch: String(epoch) }),
    ...Object.fromEntries(mounts.map(([target, digest], index) => [`mount ${index + 1} ${target}`, digest])),
  };
  return keyOf(parts);
}

const keyOf = (parts: Readonly<Record<string, string>>): StepKey => ({
  digest: sha256(canonical([VERSION, parts])),
  parts,
});
