import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { algorithmOf, hexOf, type Digest } from '../base/digest.ts';
import { thisProcess } from './process-identity.ts';

/** Where everything is below `TARE_HOME`. The first four are the OCI layout; the rest is tare's own, below `tare/`. */
export interface StorePaths {
  readonly home: string;
  readonly marker: string;
  readonly index: string;
  readonly blobs: string;
  readonly own: string;
  readonly lock: string;
  /** Files on their way to their name; each starts with the identity of the process that writes it. */
  readonly temporary: string;
  readonly leases: string;
  /** Layer indexes; each file name holds the digest of its blob. */
  readonly layerIndexes: string;
  /** Caches that can be made again from blobs or from the host at any time. */
  readonly caches: readonly string[];
}

export function storePaths(home: string): StorePaths {
  const own = join(home, 'tare');
  return {
    home,
    marker: join(home, 'oci-layout'),
    index: join(home, 'index.json'),
    blobs: join(home, 'blobs'),
    own,
    lock: join(own, 'lock'),
    temporary: join(own, 'tmp'),
    leases: join(own, 'leases'),
    layerIndexes: join(own, 'index'),
    caches: ['packed', 'stripped', 'roots', 'layers', 'builds', 'answers'].map((name) => join(own, name)),
  };
}

export function blobPath(paths: StorePaths, digest: Digest): string {
  return join(paths.blobs, algorithmOf(digest), hexOf(digest));
}

/** A fresh name in the folder for temporary files, from which `prune` can tell whether its writer still lives. */
export async function temporaryPath(paths: StorePaths): Promise<string> {
  return join(paths.temporary, `${await thisProcess()}-${randomBytes(8).toString('hex')}`);
}
