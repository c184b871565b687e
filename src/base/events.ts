import type { Digest } from './digest.ts';

/** Something a user should know although the work goes on. `at` is a source line where there is one. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  /** Text for people (already decoded). */
  readonly path?: string;
  readonly line?: number;
}

/** Everything that a use case tells while it works; a closed union, `report/` is its only reader. Counts are bytes unless named otherwise. */
export type TareEvent =
  | { readonly kind: 'step.started'; readonly step: string; readonly detail?: string }
  | {
      readonly kind: 'step.progress';
      readonly step: string;
      readonly done: number;
      readonly total?: number;
      readonly unit: 'bytes' | 'files';
    }
  | { readonly kind: 'step.done'; readonly step: string; readonly detail?: string }
  | { readonly kind: 'blob.progress'; readonly digest: Digest; readonly done: number; readonly total: number }
  /** A TCP port of a container can be reached at an address of this machine. */
  | {
      readonly kind: 'published';
      /** Of a system: the service, or its one container, `web-2`. */
      readonly name?: string;
      readonly container: number;
      readonly address: string;
      readonly host: number;
    }
  /** Of all blobs of an image on their way to one target; `total` shrinks when some turn out to be there. Bytes. */
  | { readonly kind: 'transfer'; readonly done: number; readonly total: number }
  /** Of one container of a system: what has become of it. */
  | { readonly kind: 'service.status'; readonly name: string; readonly state: string; readonly detail?: string }
  | { readonly kind: 'container.output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** Of a command on this machine that drives a container. */
  | { readonly kind: 'command.output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'probe.done';
      readonly name: string;
      readonly ok: boolean;
      readonly ms: number;
      readonly detail?: string;
    }
  /** A step of a build graph; its digest stands for it in the events that follow. */
  | { readonly kind: 'vertex.started'; readonly digest: string; readonly name: string }
  /** Why a step is done again, in words: what has changed since the last build. */
  | { readonly kind: 'vertex.because'; readonly digest: string; readonly because: readonly string[] }
  | {
      readonly kind: 'vertex.done';
      readonly digest: string;
      readonly cached: boolean;
      readonly seconds: number;
      readonly error?: string;
    }
  | {
      readonly kind: 'vertex.log';
      readonly digest: string;
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'warning'; readonly warning: Warning };

/** What every long-running function gets: where to tell, when to stop, how much at once. */
export interface Context {
  readonly onEvent: (event: TareEvent) => void;
  readonly signal: AbortSignal;
  /** How many files or blobs are worked on at a time. */
  readonly concurrency: number;
  /** How registries are spoken to, wherever an image is named. */
  readonly registry?: RegistrySettings;
}

/** What the environment and the files of this machine say counts beside it. */
export interface RegistrySettings {
  /** host[:port] of registries that may be spoken to in plain HTTP, or with a certificate that nobody vouches for. */
  readonly insecure?: readonly string[];
  /** A file of credentials to be read in place of all others. */
  readonly authFile?: string;
}
