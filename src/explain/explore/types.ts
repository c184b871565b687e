/**
 * All that the page of `tare explore` shows: plain JSON, tables by columns. The page reads these types and imports nothing else, so they name no others.
 * Texts are decoded (invalid UTF-8 as lone surrogates), sizes are bytes of content; a hard link weighs nothing.
 */
export interface ExploreData {
  readonly format: 1;
  readonly image: ExploredImage;
  /** What it was made from; it was asked for with `--against`. */
  readonly original: ExploredImage | null;
  readonly diff: DiffTable | null;
  /** Null when the image carries no record of reasons: tare did not make it. */
  readonly chains: ChainTable | null;
  readonly needs: NeedTable | null;
  readonly timeline: Timeline | null;
  /** What images weighed before, of the same reference first; null when no file of it was named. */
  readonly trends: readonly TrendTable[] | null;
}

/** The points of one reference, the oldest first. */
export interface TrendTable {
  readonly reference: string;
  readonly points: readonly {
    readonly digest: string;
    readonly created: string | null;
    readonly disk: number;
    readonly wire: number;
    readonly files: number;
    readonly layers: number;
  }[];
}

export interface ExploredImage {
  readonly reference: string;
  readonly digest: string;
  /** `linux/amd64` */
  readonly platform: string;
  readonly created: string | null;
  readonly size: { readonly disk: number; readonly wire: number };
  /** All paths but folders. */
  readonly files: number;
  readonly nodes: FileTable;
  readonly packages: readonly PackageRow[];
  /** What `nodes.type` names. */
  readonly types: readonly string[];
  readonly layers: LayerTable;
  readonly about: About;
}

/** The file system, folders before what they hold (each folder's children in byte order); row 0 is the root. Columns are equally long. */
export interface FileTable {
  readonly name: readonly string[];
  /** Of the root 0. */
  readonly depth: readonly number[];
  readonly kind: readonly NodeKind[];
  readonly size: readonly number[];
  /** Permission bits. */
  readonly mode: readonly number[];
  /** From 0, the base; -1: not known. */
  readonly layer: readonly number[];
  /** Place in `packages`; -1: no package owns it. */
  readonly package: readonly number[];
  /** Place in `types`; -1: a folder. */
  readonly type: readonly number[];
  /** Targets of links. */
  readonly links: readonly (readonly [row: number, target: string])[];
  /** How many paths are folded into one row, and the smallest size that stands for itself; null when every path has its row. */
  readonly folded: { readonly below: number; readonly rows: readonly (readonly [row: number, files: number])[] } | null;
}

/** 0 file, 1 folder, 2 symbolic link, 3 hard link, 4 device or pipe, 5 small files of a folder taken together */
export type NodeKind = 0 | 1 | 2 | 3 | 4 | 5;

export interface PackageRow {
  readonly manager: string;
  readonly name: string;
  readonly version: string;
}

export interface LayerTable {
  readonly efficiency: number;
  readonly wastedBytes: number;
  readonly history: 'complete' | 'missing' | 'mismatched';
  readonly steps: readonly { readonly instruction: string; readonly layer: number | null; readonly created?: string }[];
  readonly rows: readonly LayerRow[];
  /** The most wasteful first; `inefficiencyCount` says how many there are. */
  readonly inefficiencies: readonly {
    readonly path: string;
    readonly count: number;
    readonly bytes: number;
    readonly layers: readonly number[];
    readonly visible: number | null;
  }[];
  readonly inefficiencyCount: number;
}

export interface LayerRow {
  readonly digest: string;
  readonly createdBy: string;
  readonly disk: number;
  readonly wire: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly wasted: number;
  /** The largest first, `changeCount` of them in all. */
  readonly changes: readonly LayerChangeRow[];
  readonly changeCount: number;
}

/** `kind`: 0 added, 1 changed, 2 removed; `hidden`: 1 when a later layer hides what this one brings. */
export type LayerChangeRow = readonly [path: string, kind: 0 | 1 | 2, size: number, hidden: 0 | 1];

/** Chains of reasons as a tree of steps: each leads back to the one before, so that chains share what they have in common. */
export interface ChainTable {
  /** By row of the image's files: its last step; -1: none. */
  readonly last: readonly number[];
  /** By step: the step before; -1 at a start. */
  readonly before: readonly number[];
  /** By step: places in `subjects`, `kinds` and `texts`. */
  readonly subject: readonly number[];
  readonly kind: readonly number[];
  readonly because: readonly number[];
  readonly subjects: readonly string[];
  readonly kinds: readonly string[];
  readonly texts: readonly string[];
}

/** Packages, and paths that no package owns, as nodes of the graph of reasons. Row 0 is where all chains start. */
export interface NeedTable {
  readonly name: readonly string[];
  readonly manager: readonly (string | null)[];
  readonly version: readonly (string | null)[];
  readonly size: readonly number[];
  readonly files: readonly number[];
  /** What would go with it: its own bytes, and those of what nothing else needs. */
  readonly keeps: readonly number[];
  /** The need that every chain to it runs through; -1: no chain leads to it. */
  readonly dominator: readonly number[];
  /** By row of the image's files; -1: part of none. */
  readonly of: readonly number[];
  readonly edges: readonly NeedEdgeRow[];
}

export type NeedEdgeRow = readonly [
  from: number,
  to: number,
  kind: string,
  because: string,
  certainty: string,
  fromPath: string,
  toPath: string,
];

/** `same` files are those that are as they were; changes count the bytes of the image. */
export interface DiffTable {
  readonly same: DiffSum;
  readonly changed: DiffSum;
  readonly added: DiffSum;
  readonly dropped: DiffSum;
  /** By row of the image's files: 0 as it was, 1 changed, 2 added; -1: folded. */
  readonly fate: readonly number[];
  /** By row of the original's files: 0 kept, 1 kept but changed, 2 dropped; -1: folded. */
  readonly originalFate: readonly number[];
  /** Of the changed: row in the image, row in the original, and what differs. */
  readonly changes: readonly (readonly [row: number, originalRow: number, what: string])[];
}

export interface DiffSum {
  /** All paths but folders. */
  readonly files: number;
  readonly bytes: number;
}

/** What was asked for while the image, or its original, ran: a profile. Rows are those of the image's files. */
export interface Timeline {
  readonly platforms: readonly string[];
  /** In the order in which they come; the first is the start. */
  readonly phases: readonly string[];
  readonly ports: readonly number[];
  readonly programs: readonly string[];
  readonly accesses: readonly string[];
  readonly rows: readonly TimelineRow[];
  /** Paths of the profile that are not there. */
  readonly missing: number;
}

export type TimelineRow = readonly [
  row: number,
  phases: readonly number[],
  accesses: readonly number[],
  programs: readonly number[],
];

export interface About {
  readonly os: { readonly id: string; readonly version: string | null } | null;
  readonly runtimes: readonly FoundPart[];
  readonly libc: readonly FoundPart[];
  /** Programs of Go, and the modules that they were built with. */
  readonly go: readonly (FoundPart & { readonly toolchain: string; readonly modules: readonly FoundPart[] })[];
  readonly packages: readonly { readonly manager: string; readonly count: number; readonly partial: number }[];
  readonly user: { readonly text: string; readonly uid: number | null; readonly root: boolean };
  readonly special: readonly { readonly path: string; readonly mode: string; readonly kinds: readonly string[] }[];
  /** Where, never what. */
  readonly secrets: readonly {
    readonly path: string;
    readonly kind: string;
    readonly line?: number;
    readonly layer?: number;
    readonly hidden?: boolean;
  }[];
  readonly certificates: readonly { readonly path: string; readonly count: number; readonly notAfter: string | null }[];
  /** `symbol` is empty when the library itself is not there. */
  readonly missing: readonly { readonly path: string; readonly library: string; readonly symbol: string }[];
  /** Dates, RFC 3339 in UTC. */
  readonly age: {
    readonly created: string | null;
    readonly newest: { readonly what: string; readonly date: string } | null;
    readonly base: { readonly date: string; readonly from: string } | null;
    readonly parts: readonly { readonly name: string; readonly date: string }[];
  };
  /** How many there are of each list that may be cut. */
  readonly counts: Readonly<Record<'go' | 'special' | 'secrets' | 'certificates' | 'missing', number>>;
  /** Name and value, as people read them, in a fixed order; passwords are masked. */
  readonly config: readonly (readonly [name: string, values: readonly string[]])[];
  readonly annotations: readonly (readonly [name: string, value: string])[];
}

export interface FoundPart {
  readonly name: string;
  readonly version: string | null;
  readonly path: string;
}
