import type { ErrorCode } from '../../../src/base/error-codes.ts';
import type { Item } from '../../helpers/layer-image.ts';

/** One image: what is in its layers, and what they make together. */
export interface Scenario {
  readonly name: string;
  /** Base first. */
  readonly layers: readonly (readonly Item[])[];
  /** The lines of `describeTree`, in byte order of the paths; or the code of the refusal. */
  readonly makes: readonly string[] | { readonly error: ErrorCode };
  /** Why `umoci unpack` makes something else of it. */
  readonly umoci?: string;
}
