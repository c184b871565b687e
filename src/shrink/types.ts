import type { AttachedDocument, AttachOptions } from '../attest/attach.ts';
import type { BuildFacts } from '../attest/provenance/types.ts';
import type { Context, Warning } from '../base/events.ts';
import type { Digest } from '../base/digest.ts';
import type { Profile } from '../evidence/observed/types.ts';
import type { Platform, RunConfig } from '../oci/types.ts';
import type { Plan, Tightness } from '../plan/types.ts';
import type { Probe, Sandbox } from '../sandbox/types.ts';
import type { Store } from '../store/types.ts';
import type { CompareMode } from '../verify/compare.ts';
import type { VerifiedProbe, VerifyResult } from '../verify/verify.ts';

/** `regroup`: by rate of change. `keep`: the original's layers, each without what goes. */
export type LayerMode = 'keep' | 'regroup';

/** What `tare shrink` can be told; all but `image` is optional. */
export interface ShrinkOptions extends AttachOptions {
  /** A name of the store, or TRANSPORT:… */
  readonly image: string;
  /** Of the result. Default: the original's name with `-shrunk` after its tag. */
  readonly name?: string;
  readonly platform?: string;
  /** Default: reachable. */
  readonly tightness?: Tightness;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Default: regroup. */
  readonly layers?: LayerMode;
  readonly compression?: string;
  /** Where to write the image besides the store. */
  readonly output?: readonly string[];
  readonly probes?: readonly Probe[];
  /** Commands that are run in the container, one after the other. */
  readonly exec?: readonly (readonly string[])[];
  /** A command on this machine that drives the container: a test suite. It finds the ports in TARE_URL and TARE_PORT_… */
  readonly run?: readonly string[];
  /** How long the container is watched besides, in milliseconds. */
  readonly observeMs?: number;
  /** Default: true when a sandbox is available and there is no profile. */
  readonly observe?: boolean;
  /** What earlier runs asked for. Nothing is run to find it out again. */
  readonly profiles?: readonly Profile[];
  /** Default: true when a sandbox is available, and nothing but a profile decides. */
  readonly verify?: boolean;
  /** How answers are compared with the original's. Default: auto. */
  readonly compare?: CompareMode;
  /** Lets the verified run make only the system calls, and have only the capabilities, that the observation showed. */
  readonly restrict?: boolean;
  /** Notice system calls too, for `seccomp` of the result. */
  readonly syscalls?: boolean;
  /** For all probes together, in milliseconds. Default 30000. */
  readonly timeoutMs?: number;
  readonly budget?: { readonly wire?: number; readonly disk?: number };
  /** How it is started, where that is not as its config says: members in place of the config's own. The result keeps the config. */
  readonly startedAs?: RunConfig;
  /** For provenance: how the image was made, where whoever asks has just made it. */
  readonly madeBy?: BuildFacts;
}

export interface ShrinkTools {
  readonly store: Store;
  readonly ctx: Context;
  /** Undefined: find one. Null: there is none to be used. */
  readonly sandbox?: Sandbox | null;
}

/** Bytes: of file content, and of compressed layers. */
export interface Sizes {
  readonly disk: number;
  readonly wire: number;
}

export interface ShrunkLayer extends Sizes {
  readonly digest: Digest;
  readonly diffId: Digest;
  /** `runtime`, `system`, `dependencies`, `application`; or `layer N` of the original. */
  readonly group: string;
  readonly files: number;
}

/** A package of which some files stay and others go, and what nobody was seen to need of it. Sizes in bytes. */
export interface PartialPackage {
  readonly manager: string;
  readonly name: string;
  readonly version: string;
  readonly kept: { readonly files: number; readonly disk: number };
  readonly dropped: { readonly files: number; readonly disk: number };
}

/** A folder with files that go and that no package owns, and what stays of such files. Sizes in bytes. */
export interface UnownedFolder {
  readonly path: string;
  readonly kept: { readonly files: number; readonly disk: number };
  readonly dropped: { readonly files: number; readonly disk: number };
}

/** One question, and what came of it from the small image, which is what comes from the original. */
export interface ShrunkProbe extends VerifiedProbe {
  /** Of the HTTP answer. */
  readonly status?: number;
  /** Exit code of the command, or of the program itself. */
  readonly exit?: number;
}

/** A path that verification found missing, and that was put back. */
export interface Repair {
  readonly path: string;
  readonly because: string;
}

export interface ShrinkResult {
  /** The name in the store, or `sha256:…` when it could not be verified. */
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: Platform;
  readonly size: Sizes;
  readonly original: {
    readonly reference: string;
    readonly digest: Digest;
    readonly size: Sizes;
    readonly files: number;
  };
  readonly files: number;
  readonly dropped: { readonly files: number; readonly disk: number };
  readonly tightness: Tightness;
  readonly layers: readonly ShrunkLayer[];
  /** Null when nothing was run. */
  readonly verified:
    | (Pick<VerifyResult, 'ok' | 'startMs' | 'originalStartMs'> & { readonly probes: readonly ShrunkProbe[] })
    | null;
  /** Why nothing was run. */
  readonly unverified?: string;
  /** Of the profile that took part in the decision. */
  readonly profile: { readonly digest: Digest; readonly paths: number } | null;
  /** What the container needs of the kernel: how many system calls, and which capabilities. Null when they were not recorded. */
  readonly security: { readonly syscalls: number; readonly capabilities: readonly string[] } | null;
  readonly repaired: readonly Repair[];
  /** The image that had the name before, when it was another one, and the names that it still has. */
  readonly replaced?: { readonly digest: Digest; readonly names: readonly string[] } | undefined;
  /** Not covered by what was observed: packages that are there in part, the largest missing part first. */
  readonly partial: readonly PartialPackage[];
  /** The same of files that belong to no package, by folder: at most 100 rows. */
  readonly unowned: readonly UnownedFolder[];
  readonly overBudget: readonly string[];
  readonly seconds: number;
  readonly warnings: readonly Warning[];
  readonly outputs: readonly string[];
  /** What refers to the image, in the store and in all outputs that have a place for it. */
  readonly attached: readonly AttachedDocument[];
}

/** A result, and what only the library and the command want of it. */
export interface Shrunk {
  readonly result: ShrinkResult;
  /** What was observed this time, to be kept for the next. */
  readonly observed?: Profile;
  /** A seccomp profile for the container, when system calls were recorded: the text of the file. */
  readonly seccomp?: string;
}

export interface ShrinkPlan {
  readonly dryRun: true;
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly tightness: Tightness;
  readonly plan: Plan;
  /** What the image would have on disk and, as far as that can be told without compressing, how many layers: for both ways of layering. */
  readonly layerings: readonly {
    readonly mode: LayerMode;
    readonly layers: readonly Pick<ShrunkLayer, 'group' | 'disk' | 'files'>[];
  }[];
}
