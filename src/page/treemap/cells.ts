import type { Grouping } from '../groupings.ts';
import type { Model } from '../model.ts';
import { MIXED, REST } from '../palette.ts';

/** What a treemap draws as one rectangle: a file, a folder, or a group of files. */
export interface Cell {
  readonly label: string;
  /** -1 of a group. */
  readonly row: number;
  /** -1 of a file or folder. */
  readonly group: number;
  readonly bytes: number;
  readonly files: number;
  /** Place among the fills, or `MIXED`. */
  readonly colour: number;
  readonly holds: boolean;
  /** The largest first, without what weighs nothing. */
  children(): readonly Cell[];
}

export interface Scope {
  readonly model: Model;
  readonly grouping: Grouping;
  /** The folder that is looked at. */
  readonly row: number;
  /** One group of it; -1: all. */
  readonly group: number;
}

const heavier = (a: Cell, b: Cell): number => b.bytes - a.bytes || a.row - b.row;

/** The cell of all that is looked at. */
export function cellsOf(scope: Scope): Cell {
  const { grouping, model, row } = scope;
  if (grouping.by === 'directory') {
    const ranks = new Map(colouredRows(model, row).map((coloured, rank) => [coloured, Math.min(rank, REST)]));
    return folderCell(model, row, (below) => ranks.get(below));
  }
  if (grouping.by === 'fate')
    return folderCell(
      model,
      row,
      () => undefined,
      (file) => grouping.colours[grouping.of(file)] ?? REST,
    );
  return groupedCell(scope);
}

/** A folder with more of the whole than this says little by one colour: what it holds gets colours instead. */
const TOO_MUCH = 0.3;
const MAX_SPLITS = 12;

/** The rows below a folder that have a colour each, the largest first: its children, or what large ones of them hold. */
export function colouredRows(model: Model, row: number): readonly number[] {
  const bytes = (at: number): number => model.bytes[at] as number;
  const largestFirst = (a: number, b: number): number => bytes(b) - bytes(a) || a - b;
  let rows = model.children(row).filter((child) => bytes(child) > 0);
  for (let splits = 0; splits < MAX_SPLITS; splits++) {
    rows.sort(largestFirst);
    const split = rows.find((child) => bytes(child) > TOO_MUCH * bytes(row) && isOfFolders(model, child));
    if (split === undefined || rows.indexOf(split) >= REST) break;
    rows = [...rows.filter((child) => child !== split), ...model.children(split).filter((child) => bytes(child) > 0)];
  }
  return rows.sort(largestFirst);
}

/** Whether most of a folder is in folders of its own: single files get no colours. */
function isOfFolders(model: Model, row: number): boolean {
  if (!model.isFolder(row)) return false;
  const folders = model.children(row).filter((child) => model.isFolder(child));
  return folders.reduce((sum, child) => sum + (model.bytes[child] as number), 0) > (model.bytes[row] as number) / 2;
}

/** @param colourBelow the colour of all below, for a row that gives it one */
function folderCell(
  model: Model,
  row: number,
  colourBelow: (row: number) => number | undefined,
  colourOf?: (file: number) => number,
  inherited = MIXED,
): Cell {
  const colour = colourBelow(row) ?? inherited;
  const holds = model.isFolder(row);
  let cells: readonly Cell[] | undefined;
  return {
    label: labelOf(model, row),
    row,
    group: -1,
    bytes: model.bytes[row] as number,
    files: model.files[row] as number,
    colour: holds ? colour : (colourOf?.(row) ?? (colour === MIXED ? REST : colour)),
    holds,
    children: () =>
      (cells ??= model
        .children(row)
        .filter((child) => (model.bytes[child] as number) > 0)
        .map((child) => folderCell(model, child, colourBelow, colourOf, colour))
        .sort(heavier)),
  };
}

export const labelOf = (model: Model, row: number): string =>
  row === 0 ? '/' : (model.image.nodes.name[row] as string);

function groupedCell({ grouping, group, model, row }: Scope): Cell {
  const rows = new Map<number, number[]>();
  for (let at = row; at < (model.end[row] as number); at++) {
    if (model.isFolder(at)) continue;
    const place = grouping.of(at);
    if (group !== -1 && place !== group) continue;
    const same = rows.get(place);
    if (same === undefined) rows.set(place, [at]);
    else same.push(at);
  }
  const groups = [...rows]
    .map(([place, files]) => groupCell(model, grouping, place, files))
    .sort((a, b) => b.bytes - a.bytes || a.group - b.group);
  const only = group === -1 ? undefined : groups[0];
  if (only !== undefined) return only;
  return {
    label: labelOf(model, row),
    row,
    group: -1,
    bytes: groups.reduce((sum, cell) => sum + cell.bytes, 0),
    files: groups.reduce((sum, cell) => sum + cell.files, 0),
    colour: MIXED,
    holds: true,
    children: () => groups.filter(({ bytes }) => bytes > 0),
  };
}

function groupCell(model: Model, grouping: Grouping, group: number, rows: readonly number[]): Cell {
  const colour = grouping.colours[group] ?? REST;
  let cells: readonly Cell[] | undefined;
  return {
    label: grouping.names[group] ?? '',
    row: -1,
    group,
    bytes: rows.reduce((sum, row) => sum + (model.bytes[row] as number), 0),
    files: rows.reduce((sum, row) => sum + (model.files[row] as number), 0),
    colour,
    holds: true,
    children: () =>
      (cells ??= rows
        .filter((row) => (model.bytes[row] as number) > 0)
        .map((row): Cell => ({
          label: labelOf(model, row),
          row,
          group: -1,
          bytes: model.bytes[row] as number,
          files: model.files[row] as number,
          colour,
          holds: false,
          children: () => [],
        }))
        .sort(heavier)),
  };
}
