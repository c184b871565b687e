import type { Project } from '../../formats/compose/types.ts';
import type { RunConfig } from '../../oci/types.ts';

/** What is known of a service that its project does not say. */
export interface ServiceFacts {
  /** A service of the project. */
  readonly service: string;
  /** Where the target pulls it from, by digest: `registry.example.com/team/app@sha256:…`. */
  readonly image: string;
  /** Of the image's config. */
  readonly config: RunConfig;
  /** That it was seen to listen on, and that its image exposes. */
  readonly ports: readonly { readonly port: number; readonly protocol: 'tcp' | 'udp' }[];
  /** What the user that it runs as is by number, in the image. Needed where that is a name. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** A seccomp profile as JSON, of the system calls that it was seen to make. */
  readonly seccomp?: string;
  /** That it was seen to need; with or without `CAP_`. Undefined: nobody has looked. */
  readonly capabilities?: readonly string[];
  /** Measured of one of its containers: bytes at the most, processors on average. */
  readonly used?: { readonly memory: number; readonly cpus: number };
}

export interface ExportInput {
  readonly project: Project;
  /** One for each service. */
  readonly facts: readonly ServiceFacts[];
  /** What is in the files that configs come from, by absolute path. Those of secrets are never asked for. */
  readonly contents?: ReadonlyMap<string, Uint8Array>;
}

export interface ExportedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly text: string;
  /** It holds secrets in the clear: nobody else should be able to read it (0600). */
  readonly secret?: true;
}

/** What the target cannot say, or what is left to do by hand. */
export interface ExportWarning {
  /** `compose.yaml:12`. */
  readonly at: string;
  readonly message: string;
}

export interface Exported {
  /** In byte order of their paths. */
  readonly files: readonly ExportedFile[];
  readonly warnings: readonly ExportWarning[];
}

export type Warn = (at: string, message: string) => void;
