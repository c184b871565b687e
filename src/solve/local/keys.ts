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

export interface StepInputs {
  /** The file system that it changes, by chain ID. */
  readonly root: Digest;
  /** What it copies or mounts, by content: names, modes, bytes; not times, so that a fresh checkout is no change. Each name once. */
  readonly inputs: readonly (readonly [name: string, content: Digest])[];
  /** SOURCE_DATE_EPOCH. */
  readonly epoch: number | undefined;
}

export function stepKey(vertex: ExecVertex | FileVertex, { epoch, inputs, root }: StepInputs): StepKey {
  const parts = {
    operation: canonical(operationOf(vertex, () => null)),
    root,
    ...(epoch === undefined ? {} : { epoch: String(epoch) }),
    ...Object.fromEntries(inputs),
  };
  return { digest: sha256(canonical([VERSION, parts])), parts };
}
