import type { Dockerfile, Range } from '../formats/dockerfile/types.ts';
import type { Facts } from './facts/types.ts';

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];
/** What a rule set, `tare.yaml` or a comment says of a rule. */
export type Setting = Severity | 'off';

/** Replaces `[start, end)` of the file's text, in UTF-16 units; an insertion when both are equal. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a rule has found. */
export interface Found {
  /** What is the matter here, in one sentence without a full stop. */
  readonly message: string;
  readonly range: Range;
  /** What to write instead; the rule's own cure when omitted. */
  readonly cure?: string;
  /** All of them together mend it. */
  readonly fix?: readonly Edit[];
  /** Why it is not mended by `--fix`, where the rule could mend others. */
  readonly notFixed?: string;
  /** Measured in an image that was built from the file. */
  readonly bytes?: number;
}

export interface Finding extends Found {
  readonly rule: string;
  readonly severity: Severity;
  readonly cure: string;
}

/** One check: data and a pure function. */
export interface Rule {
  readonly id: string;
  /** `buildkit`: the check of that name there, with its meaning. `size`: what makes an image larger. `tare`: about the file itself. */
  readonly origin: 'buildkit' | 'size' | 'tare';
  /** The first rule set that has it. */
  readonly since: string;
  readonly severity: Setting;
  readonly title: string;
  readonly why: string;
  readonly cure: string;
  readonly example: { readonly bad: string; readonly good: string };
  /** `--fix` can mend it, at least sometimes. */
  readonly fixable: boolean;
  /** Bytes of a finding can be measured in an image. */
  readonly measured?: boolean;
  check(file: Dockerfile, facts: Facts): Iterable<Found>;
}
