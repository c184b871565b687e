import type { AttachedDocument, AttachOptions } from '../../attest/attach.ts';
import type { BuildFacts } from '../../attest/provenance/types.ts';
import type { Digest } from '../../base/digest.ts';
import type { Warning } from '../../base/events.ts';
import type { Platform } from '../../oci/types.ts';
import type { WrittenCache } from '../../solve/cache-image/export.ts';
import type { PlannedVertex } from '../../solve/local/plan.ts';
import type { BuildTools, Sizes } from '../types.ts';

/** What `tare build -f` can be told. */
export interface DockerfileOptions extends AttachOptions {
  /** The build context, on the host. */
  readonly dir: string;
  /** The Dockerfile on the host. */
  readonly file: string;
  /** Its text, when it does not come from `file`. */
  readonly text?: string;
  /** Names of the image in the store; made up from the folder's name when there is none. */
  readonly tags?: readonly string[];
  /** Where to write the image besides the store. */
  readonly output?: readonly string[];
  /** Name or number of a stage. */
  readonly target?: string;
  readonly buildArgs?: ReadonlyMap<string, string>;
  readonly labels?: ReadonlyMap<string, string>;
  readonly platform?: string;
  /** Fetch base images from their registry: those that the store does not have, all of them, or none (the default). */
  readonly pull?: 'missing' | 'always' | 'never';
  readonly noCache?: boolean;
  /** Cache images: references whose steps need not be done here. */
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: CacheTarget;
  /** Say of each step that is done again why. */
  readonly explainCache?: boolean;
  readonly compression?: string;
  /** Id → content. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  /** Id → path of an agent's socket. */
  readonly ssh?: ReadonlyMap<string, string>;
  /** `HOST:ADDRESS`. */
  readonly hosts?: readonly string[];
  /** Name → a folder, or the reference of an image. */
  readonly contexts?: ReadonlyMap<string, string>;
  /** `security.insecure`, `network.host`: what the Dockerfile may ask for. */
  readonly allow?: readonly string[];
  readonly network?: 'default' | 'host' | 'none';
  /** Lend each step the certificate authorities of this machine. Not with `engine`. */
  readonly hostCa?: boolean;
  /** `unix://…`, `tcp://…`, `docker-container:…`: a BuildKit daemon builds instead of this machine. */
  readonly engine?: string;
  /** SOURCE_DATE_EPOCH in seconds: latest time of files of the steps, and the time of the image. */
  readonly epoch?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where to write a cache image; `max`: with the steps of all stages, `min`: with those that are in the result. */
export interface CacheTarget {
  readonly reference: string;
  readonly mode: 'max' | 'min';
}

export type DockerfileTools = BuildTools;

export interface StepReport {
  readonly name: string;
  readonly cached: boolean;
  readonly seconds: number;
  /** Why it was done again, in words; with `explainCache`. */
  readonly because?: readonly string[];
}

export interface DockerfileResult {
  /** The first of its names. */
  readonly reference: string;
  readonly tags: readonly string[];
  readonly digest: Digest;
  readonly platform: Platform;
  readonly size: Sizes;
  readonly files: number;
  readonly layers: readonly (Sizes & {
    readonly digest: Digest;
    readonly diffId: Digest;
    /** The instruction that made it, as the history has it, but for passwords that stand in it. */
    readonly createdBy: string;
  })[];
  /** In the order in which they ended. */
  readonly steps: readonly StepReport[];
  readonly engine: string;
  readonly seconds: number;
  readonly outputs: readonly string[];
  /** What refers to the image, in the store and in all outputs that have a place for it. */
  readonly attached: readonly AttachedDocument[];
  /** The cache image that was written. */
  readonly cache?: WrittenCache;
  readonly warnings: readonly Warning[];
}

/** A result, and what only the maker of another image from it wants. */
export interface BuiltDockerfile {
  readonly result: DockerfileResult;
  /** With provenance. */
  readonly facts?: BuildFacts;
}

/** What a build would do. */
export interface DockerfilePlan {
  readonly dryRun: true;
  readonly platform: Platform;
  /** Every vertex of the graph, inputs first. */
  readonly steps: readonly PlannedVertex[];
  readonly warnings: readonly Warning[];
}
