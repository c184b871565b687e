import type { ChainTable, DiffTable, ExploreData } from '../explain/explore/types.ts';
import type { Model } from './model.ts';
import { REST } from './palette.ts';
import { shortDigest } from './text.ts';

/** What files can be taken together by. */
export type By = 'directory' | 'package' | 'layer' | 'type' | 'reason' | 'fate';

export interface Grouping {
  readonly by: By;
  readonly names: readonly string[];
  readonly bytes: readonly number[];
  readonly files: readonly number[];
  /** Place among the colours, the largest groups first. */
  readonly colours: readonly number[];
  /** The group of a file; -1 for by directory, which knows none. */
  of(row: number): number;
}

export const BY_LABELS: Readonly<Record<By, string>> = {
  directory: 'Folder',
  package: 'Package',
  layer: 'Layer',
  type: 'File type',
  reason: 'Reason',
  fate: 'Kept or dropped',
};

/** Ways that make sense for these files. */
export function groupingsFor(data: ExploreData, model: Model): readonly By[] {
  const own = model.image === data.image;
  return [
    'directory',
    'package',
    'layer',
    'type',
    ...(own && data.chains !== null ? (['reason'] as const) : []),
    ...(data.diff !== null ? (['fate'] as const) : []),
  ];
}

export function groupingOf(by: By, model: Model, data: ExploreData): Grouping {
  const { image } = model;
  switch (by) {
    case 'directory':
      return { by, names: [], bytes: [], files: [], colours: [], of: () => -1 };
    case 'package': {
      const names = image.packages.map(({ name }) => name);
      return counted(by, model, [...names, 'no package'], (row) => at(image.nodes.package, row), names.length);
    }
    case 'layer': {
      const names = image.layers.rows.map(
        ({ createdBy, digest }, layer) => `${layer}: ${createdBy === '' ? shortDigest(digest) : createdBy}`,
      );
      return counted(by, model, [...names, 'no layer'], (row) => at(image.nodes.layer, row), names.length);
    }
    case 'type':
      return counted(by, model, [...image.types, 'various'], (row) => at(image.nodes.type, row), image.types.length);
    case 'reason':
      return reasons(model, data.chains as ChainTable);
    default:
      return fates(model, data);
  }
}

const at = (column: readonly number[], row: number): number => column[row] as number;

/** @param rest the group of what has none (-1) */
function counted(by: By, model: Model, names: readonly string[], of: (row: number) => number, rest: number): Grouping {
  const group = (row: number): number => {
    const found = of(row);
    return found === -1 ? rest : found;
  };
  const bytes = names.map(() => 0);
  const files = names.map(() => 0);
  for (let row = 0; row < model.count; row++) {
    if (model.isFolder(row)) continue;
    const place = group(row);
    bytes[place] = (bytes[place] ?? 0) + (model.bytes[row] as number);
    files[place] = (files[place] ?? 0) + (model.files[row] as number);
  }
  const ranked = names
    .map((_, place) => place)
    .filter((place) => place !== rest)
    .sort((a, b) => (bytes[b] as number) - (bytes[a] as number) || a - b);
  const colours = names.map(() => REST);
  for (const [rank, place] of ranked.slice(0, REST).entries()) colours[place] = rank;
  return { by, names, bytes, files, colours, of: group };
}

/** The last step of the chain that leads to a file. */
function reasons(model: Model, chains: ChainTable): Grouping {
  const of = (row: number): number => {
    const step = chains.last[row] ?? -1;
    return step === -1 ? -1 : (chains.kind[step] as number);
  };
  const names = chains.kinds.map((kind) => REASONS[kind] ?? kind);
  return counted('reason', model, [...names, 'no reason on record'], of, names.length);
}

/** Kinds of evidence, as people say it. */
const REASONS: Readonly<Record<string, string>> = {
  entrypoint: 'it is the entry point',
  interpreter: 'interpreter',
  command: 'started as a command',
  'elf-needed': 'shared library (NEEDED)',
  'elf-dlopen': 'shared library (dlopen)',
  'node-import': 'imported (Node.js)',
  'python-import': 'imported (Python)',
  'dotnet-reference': 'referenced (.NET)',
  config: 'named by settings',
  opened: 'opened while it ran',
  'looked-up': 'looked up while it ran',
  symlink: 'link on the way',
  parent: 'folder on the way',
  rule: 'by a rule',
  app: 'the application itself',
  include: 'included by hand',
};

export const reasonName = (kind: string): string => REASONS[kind] ?? kind;

function fates(model: Model, data: ExploreData): Grouping {
  const diff = data.diff as DiffTable;
  const own = model.image === data.image;
  const names = own ? ['as it was', 'changed', 'added'] : ['kept as it was', 'kept, changed', 'dropped'];
  const column = own ? diff.fate : diff.originalFate;
  const grouping = counted('fate', model, [...names, 'small files, some of each'], (row) => column[row] ?? -1, 3);
  // What is gone has no colour of its own; what is new has.
  return { ...grouping, colours: own ? [0, 1, 3, REST] : [0, 1, REST, REST] };
}
