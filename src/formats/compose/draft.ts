import type { Spot } from './node.ts';
import type { Service, ServiceBuild } from './types.ts';

/** A service as its text says it; what lies in files and variables is still open. */
export interface Draft {
  readonly service: Omit<Service, 'environment' | 'build'>;
  readonly build?: Omit<ServiceBuild, 'secrets'>;
  readonly spot: Spot;
  /** Null: that of the environment, where there is one. */
  readonly environment: ReadonlyMap<string, string | null>;
  /** Later ones count before earlier ones. */
  readonly envFiles: readonly EnvFile[];
  readonly grants: readonly Grant[];
  readonly buildSecrets: readonly { readonly id: string; readonly name: string; readonly spot: Spot }[];
  /** What it calls by name, to be found elsewhere. */
  readonly mentions: readonly Mention[];
  readonly links: readonly { readonly service: string; readonly alias: string; readonly spot: Spot }[];
}

export interface EnvFile {
  /** Absolute. */
  readonly path: string;
  readonly required: boolean;
  readonly raw: boolean;
  readonly spot: Spot;
}

/** A config or secret that a service may see. */
export interface Grant {
  readonly of: 'config' | 'secret';
  readonly name: string;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly spot: Spot;
}

export interface Mention {
  readonly kind: 'service' | 'network' | 'volume';
  readonly name: string;
  readonly spot: Spot;
}
