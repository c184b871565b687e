import type { Access } from './auth/types.ts';
import type { FileSender } from './http/send-file.ts';
import type { Metrics } from './metrics.ts';
import type { Quota } from './quota.ts';
import type { RegistryStorage } from './storage/storage.ts';
import type { Uploads } from './storage/uploads.ts';

/** Bounds on what clients may take; sizes in bytes, times in ms. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxBlobBytes: number;
  readonly maxRepositories: number;
  readonly maxUploads: number;
  readonly maxUploadsPerRepository: number;
  /** An upload that nobody writes to for so long is given up. */
  readonly uploadAgeMs: number;
  /** A body must bring something in each stretch of this length. */
  readonly paceMs: number;
  /** For the head of a request to arrive, and for a connection on which nothing moves. */
  readonly headMs: number;
  readonly idleMs: number;
  readonly maxConnections: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxBytes: Infinity,
  maxBlobBytes: Infinity,
  maxRepositories: Infinity,
  maxUploads: 1000,
  maxUploadsPerRepository: 100,
  uploadAgeMs: 60 * 60 * 1000,
  paceMs: 30_000,
  headMs: 20_000,
  idleMs: 60_000,
  maxConnections: 4096,
};

/** What all handlers share. */
export interface Service {
  readonly storage: RegistryStorage;
  readonly uploads: Uploads;
  readonly limits: Limits;
  readonly quota: Quota;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly sender: FileSender;
  readonly readOnly: boolean;
  /** Manifests of images may name blobs that are not there. */
  readonly allowSparse: boolean;
  /** Runs one change of the manifests of a repository at a time. */
  readonly inTurn: <T>(repository: string, work: () => Promise<T>) => Promise<T>;
}
