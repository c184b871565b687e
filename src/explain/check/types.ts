import type { Digest } from '../../base/digest.ts';
import type { CheckConfig } from '../../config/check.ts';
import type { RunConfig } from '../../oci/types.ts';
import type { Package } from '../../packages/types.ts';
import type { ImageDiff } from '../diff/types.ts';
import type { Findings } from '../findings/types.ts';
import type { Dissection } from '../layers/types.ts';
import type { Tree } from '../../tree/types.ts';

/** What holds the bytes, or what was found where. */
export interface Evidence {
  /** A path of the image. */
  readonly path?: string;
  readonly line?: number;
  /** `npm pg-native 3.0.1`. */
  readonly package?: string;
  /** From 0, the base. */
  readonly layer?: number;
  /** That made the layer. */
  readonly instruction?: string;
  /** It holds so much now; of a growth see `delta`. */
  readonly bytes?: number;
  /** So much more, or less, than in the image it is measured against. */
  readonly delta?: number;
  /** Anything else, in words. */
  readonly note?: string;
}

export type RuleUnit = 'bytes' | 'share' | 'count' | 'days' | 'text';

/** One rule that was looked at. The first piece of evidence also stands in the members of the same names. */
export interface CheckResult extends Pick<Evidence, 'path' | 'layer' | 'package' | 'instruction'> {
  /** `disk`, `no-setuid`, `dive.lowestEfficiency`, `command test`, … */
  readonly rule: string;
  /** Of a structure test: what it is called. */
  readonly name?: string;
  readonly ok: boolean;
  /** Why it was not looked at; it is `ok` then. */
  readonly skipped?: string;
  readonly message: string;
  readonly unit?: RuleUnit;
  readonly actual?: number | string;
  readonly limit?: number | string;
  /** The largest or worst first; at most `MAX_EVIDENCE`. */
  readonly evidence: readonly Evidence[];
  /** Where the rule stands, when it stands in a file. */
  readonly source?: RuleSource;
}

export interface RuleSource {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
}

/** What a rule answers. */
export type Outcome = Pick<CheckResult, 'ok' | 'message'> &
  Partial<Pick<CheckResult, 'name' | 'skipped' | 'unit' | 'actual' | 'limit' | 'evidence'>>;

/** How many bytes a package, or a folder of what no package owns, has in each layer. */
export interface Holding {
  /** `dpkg libc6 2.36-9`; undefined of what no package owns. */
  readonly package?: string;
  readonly path?: string;
  readonly bytes: number;
  readonly layers: ReadonlyMap<number, number>;
}

/** All that rules go by; gathered before the first one is asked. */
export interface Facts {
  readonly reference: string;
  readonly config: RunConfig;
  readonly dissection: Dissection;
  readonly tree: Tree;
  readonly packages: readonly Package[];
  /** Owner of a path as a text, `dpkg bash 5.2`. */
  readonly ownerOf: (path: string) => string | undefined;
  /** Where a path of the tree was last written. */
  readonly layerOf: (path: string) => number | undefined;
  /** The largest first. */
  readonly holdings: readonly Holding[];
  /** When a rule needs them. */
  readonly findings?: Findings;
  /** Against the image that growth is measured against. */
  readonly growth?: ImageDiff;
  /** Milliseconds since the epoch, UTC; when a rule asks for an age. */
  readonly now?: number;
}

export type Need = 'findings' | 'growth' | 'now';

/** One rule with its setting. */
export interface AskedRule {
  readonly id: string;
  readonly needs: readonly Need[];
  readonly check: (facts: Facts) => Outcome | readonly Outcome[];
}

/** A line of the table of rules. */
export interface RuleSpec {
  readonly id: string;
  /** In a few words, for reports. */
  readonly title: string;
  /** The path of its key in tare.yaml, below `check`. */
  readonly key: readonly string[];
  /** Undefined when the settings do not ask for it. */
  readonly ask: (config: CheckConfig) => AskedRule | undefined;
}

/** Rules of one place: flags, or a file. */
export interface RuleSet {
  readonly config: CheckConfig;
  /** Where a rule stands, by the path of its key below `check`. */
  readonly sourceOf?: (key: readonly string[]) => RuleSource | undefined;
}

export interface CheckReport {
  readonly reference: string;
  readonly digest: Digest;
  readonly size: { readonly disk: number; readonly wire: number };
  readonly base?: { readonly reference: string; readonly digest: Digest };
  readonly ok: boolean;
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly results: readonly CheckResult[];
}

/** Pieces of evidence of one result. */
export const MAX_EVIDENCE = 20;
