import type { AttachedDocument, AttachOptions } from '../attest/attach.ts';
import type { Context, Warning } from '../base/events.ts';
import type { Digest } from '../base/digest.ts';
import type { Config } from '../config/config.ts';
import type { Platform } from '../oci/types.ts';
import type { Group, Plan, Tightness } from '../plan/types.ts';
import type { Sandbox } from '../sandbox/types.ts';
import type { Store } from '../store/types.ts';
import type { VerifyResult } from '../verify/verify.ts';

/** What `tare build` can be told. All but `dir` is optional and wins over tare.yaml. */
export interface BuildOptions extends Config, AttachOptions {
  /** The application folder, on the host. */
  readonly dir: string;
  /** Where to write the image besides the store: `oci:DIR[:NAME]`, `docker-archive:FILE`, … */
  readonly output?: readonly string[];
  /** Seconds since 1970 for every time stamp in the image; default SOURCE_DATE_EPOCH, else 0. */
  readonly epoch?: number;
  /** Default: true when a sandbox is available. */
  readonly verify?: boolean;
  /** The environment of the caller: PATH finds the interpreter, SOURCE_DATE_EPOCH sets the time. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface BuildTools {
  readonly store: Store;
  readonly ctx: Context;
  /** Undefined: find one. Null: there is none to be used. */
  readonly sandbox?: Sandbox | null;
}

export interface Sizes {
  /** Uncompressed bytes of file content. */
  readonly disk: number;
  /** Compressed bytes of all layers. */
  readonly wire: number;
}

export interface BuiltLayer extends Sizes {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly group: Group;
  readonly files: number;
}

export interface BuildResult {
  /** The name in the store, or `sha256:…` when verification failed: no name is given to what does not run. */
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: Platform;
  readonly size: Sizes;
  /** The warehouse image, when there was one. */
  readonly original: { readonly reference: string; readonly digest: Digest; readonly size: Sizes } | null;
  readonly files: number;
  /** What the application's folder (and the warehouse image) offered, and nothing asked for. */
  readonly dropped: { readonly files: number; readonly disk: number };
  readonly layers: readonly BuiltLayer[];
  /** Null when nothing was run. */
  readonly verified: Pick<VerifyResult, 'ok' | 'probes' | 'startMs'> | null;
  /** Why nothing was run. */
  readonly unverified?: string;
  /** When a probe failed: the last that the container said, and the paths that it complained about. */
  readonly output?: string;
  readonly missing?: readonly string[];
  /** One line for each limit of `budget` in tare.yaml that the image exceeds. */
  readonly overBudget: readonly string[];
  readonly seconds: number;
  readonly warnings: readonly Warning[];
  /** True when nothing had changed since the last build, and its result was taken. */
  readonly unchanged: boolean;
  readonly outputs: readonly string[];
  /** What refers to the image, in the store and in all outputs that have a place for it. */
  readonly attached: readonly AttachedDocument[];
}

export interface DryRun {
  readonly dryRun: true;
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly tightness: Tightness;
  readonly plan: Plan;
}
