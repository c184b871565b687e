/** A set of code points. */
export type CharSet = (codePoint: number) => boolean;

export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'boundary' | 'no-boundary';

/** A regular expression taken apart. What is captured, and how greedily, does not matter to whether it matches. */
export type Node =
  | { readonly is: 'empty' }
  | { readonly is: 'set'; readonly set: CharSet }
  | { readonly is: 'assert'; readonly assertion: Assertion }
  | { readonly is: 'all'; readonly nodes: readonly Node[] }
  | { readonly is: 'any'; readonly nodes: readonly Node[] }
  /** `max` undefined: as often as there are. */
  | { readonly is: 'repeat'; readonly node: Node; readonly min: number; readonly max: number | undefined };

/** Flags at a place of the expression: `i`, `m`, `s`. */
export interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}
