import type { Digest } from '../../base/digest.ts';
import type { Platform } from '../../oci/types.ts';
import type { SourceVertex, Vertex } from '../types.ts';
import type { Op, OpInput, OpPlatform } from './llb.ts';

/** What the parts of this module share while they go through one graph. */
export interface Marshaller {
  /** Undefined for the empty file system. */
  readonly input: (vertex: Vertex) => OpInput | undefined;
  /** An operation that is no vertex of its own. */
  readonly add: (op: Op, meta: AddedOp) => OpInput;
  readonly imageOf: (vertex: SourceVertex) => Digest;
  readonly entitle: (entitlement: string) => void;
}

export interface AddedOp {
  readonly name: string;
  readonly caps?: readonly string[];
  readonly vertex?: Vertex;
}

export function opPlatform(platform: Platform): OpPlatform {
  const version = platform['os.version'];
  return {
    os: platform.os,
    architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    ...(version === undefined ? {} : { osVersion: version }),
  };
}

/** A list of inputs without repetitions, and where in it each one is. */
export function inputList(): { readonly inputs: OpInput[]; indexOf(input: OpInput): number } {
  const inputs: OpInput[] = [];
  return {
    inputs,
    indexOf: (input) => {
      const found = inputs.findIndex((item) => item.digest === input.digest && item.index === input.index);
      return found >= 0 ? found : inputs.push(input) - 1;
    },
  };
}
