import type { Digest } from '../../base/digest.ts';
import type { EntryType } from '../../tree/types.ts';
import type { Sizes } from '../sizes.ts';

/** One row of the history, in its order (oldest first). */
export interface Step {
  /** As people write it in a Dockerfile; empty when the history says nothing. */
  readonly instruction: string;
  /** The layer that it made, counted from 0; null for one that made none, and for all of a history that does not pair up with the layers. */
  readonly layer: number | null;
  readonly created?: string;
  readonly comment?: string;
}

/** Whether the history has a row for each layer: all of them, none at all, or another number of rows. */
export type HistoryFit = 'complete' | 'missing' | 'mismatched';

/** One layer; bytes are of the content of files. */
export interface DissectedLayer {
  /** From 0, the base. */
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly mediaType: string;
  /** The instruction that made it, readable; absent when the history does not tell. */
  readonly createdBy?: string;
  readonly disk: number;
  readonly wire: number;
  /** Members of its archive, whiteouts among them. */
  readonly entries: number;
  /** Paths that are there since, that it writes again, that it takes away. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Members that delete a path, and members that empty a folder. */
  readonly whiteouts: number;
  readonly opaque: number;
  /** Of `disk`: what a later layer overwrites or deletes, and what stands twice in this one. It is shipped all the same. */
  readonly wasted: number;
  /** An earlier layer that is the same blob. */
  readonly sameAs?: number;
}

/** A path of which copies are shipped that nobody sees. */
export interface Inefficiency {
  readonly path: string;
  /** Copies in all layers, the visible one among them. */
  readonly count: number;
  /** Of the copies that are not visible. */
  readonly bytes: number;
  /** The layers that hold a copy, lowest first. */
  readonly layers: readonly number[];
  /** The layer of the copy that is seen; null when the path is deleted in the end. */
  readonly visible: number | null;
}

export interface Part {
  /** Bytes of content in the flattened image. */
  readonly bytes: number;
  /** Paths but folders. */
  readonly files: number;
}

export interface DirectoryPart extends Part {
  /** With all below it. */
  readonly path: string;
}

export interface PackagePart extends Part {
  readonly manager: string;
  readonly name: string;
  readonly version: string;
}

export interface TypePart extends Part {
  readonly type: string;
}

export interface ChangedPath {
  readonly path: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly type: EntryType;
  readonly size: number;
  /** Of what this layer brings: whether a later layer hides it. */
  readonly hidden: boolean;
}

/** Where the bytes of an image are. Lists are cut after `limit` rows, the largest first; `counts` says how long they are. */
export interface Dissection {
  readonly reference: string;
  readonly digest: Digest;
  /** `disk` is what is left when all layers lie over each other: the layers' `disk` together are as much, and `wastedBytes` more. */
  readonly size: Sizes;
  readonly files: number;
  /** By dive's definition, 0–1. */
  readonly efficiency: number;
  /** By dive's definition: all copies of each path that is there more than once. */
  readonly diveWastedBytes: number;
  /** The copies that are not visible, and no others. */
  readonly wastedBytes: number;
  /** False when a layer was read by its headers alone: its digests were not checked. */
  readonly verified: boolean;
  readonly history: HistoryFit;
  readonly steps: readonly Step[];
  /** Base first. */
  readonly layers: readonly DissectedLayer[];
  readonly inefficiencies: readonly Inefficiency[];
  readonly directories: readonly DirectoryPart[];
  readonly packages: readonly PackagePart[];
  /** What no package owns. */
  readonly unowned: Part;
  readonly types: readonly TypePart[];
  readonly counts: {
    readonly inefficiencies: number;
    readonly directories: number;
    readonly packages: number;
    readonly types: number;
    readonly changes?: number;
  };
  /** What one layer did, the largest first; when it was asked for. */
  readonly changes?: readonly ChangedPath[];
}
