import type { Cell } from './cells.ts';
import { squarify } from './squarify.ts';

/** Cells with their places, a cell before what it holds; columns are equally long. */
export interface Tiles {
  readonly count: number;
  readonly cells: readonly Cell[];
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly width: Float32Array;
  readonly height: Float32Array;
  /** 0: the whole. */
  readonly depth: Uint8Array;
  /** The tile after the last one inside. */
  readonly end: Int32Array;
  /** Height of the strip with the name of what holds others; 0: it has none. */
  readonly header: Float32Array;
}

/** Smaller ones are not drawn whatever is zoomed into, in square pixels. */
const MIN_AREA = 0.004;
/** A strip with a name needs so much room, in units. */
const HEADER = 20;
const HEADER_MIN_WIDTH = 56;
const HEADER_MIN_HEIGHT = 48;
const HEADER_DEPTH = 3;
const MAX_DEPTH = 250;

/** @param unit one sixteenth of the size of the page's text, in pixels */
export function layOut(root: Cell, width: number, height: number, unit: number): Tiles {
  const cells: Cell[] = [];
  const columns = { x: [] as number[], y: [] as number[], width: [] as number[], height: [] as number[] };
  const depths: number[] = [];
  const headers: number[] = [];
  const ends: number[] = [];
  interface Open {
    readonly cell: Cell;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly depth: number;
  }
  const place = ({ cell, depth, height: h, width: w, x, y }: Open): void => {
    const tile = cells.push(cell) - 1;
    columns.x.push(x);
    columns.y.push(y);
    columns.width.push(w);
    columns.height.push(h);
    depths.push(depth);
    ends.push(0);
    const named =
      cell.holds && depth > 0 && depth <= HEADER_DEPTH && w >= HEADER_MIN_WIDTH * unit && h >= HEADER_MIN_HEIGHT * unit;
    const header = named ? HEADER * unit : 0;
    headers.push(header);
    if (cell.holds && w * h >= MIN_AREA && depth < MAX_DEPTH) {
      const pad = depth === 0 ? 0 : Math.min(named ? 3 * unit : 1, Math.min(w, h) * 0.04);
      const inner = {
        x: x + pad,
        y: y + Math.max(pad, header),
        width: w - 2 * pad,
        height: h - pad - Math.max(pad, header),
      };
      const children = cell.children();
      const rects = squarify(
        children.map(({ bytes }) => bytes),
        inner,
      );
      for (const [at, child] of children.entries()) {
        const rect = rects[at];
        if (rect !== undefined && rect.width * rect.height >= MIN_AREA)
          place({ cell: child, depth: depth + 1, ...rect });
      }
    }
    ends[tile] = cells.length;
  };
  place({ cell: root, x: 0, y: 0, width, height, depth: 0 });
  return {
    count: cells.length,
    cells,
    x: Float32Array.from(columns.x),
    y: Float32Array.from(columns.y),
    width: Float32Array.from(columns.width),
    height: Float32Array.from(columns.height),
    depth: Uint8Array.from(depths),
    end: Int32Array.from(ends),
    header: Float32Array.from(headers),
  };
}

/** The innermost tile at a point; -1 outside. */
export function tileAt(tiles: Tiles, x: number, y: number): number {
  let found = -1;
  for (let tile = 0; tile < tiles.count;) {
    if (contains(tiles, tile, x, y)) {
      found = tile;
      tile += 1;
    } else tile = tiles.end[tile] as number;
  }
  return found;
}

function contains(tiles: Tiles, tile: number, x: number, y: number): boolean {
  const [left, top] = [tiles.x[tile] as number, tiles.y[tile] as number];
  return x >= left && y >= top && x < left + (tiles.width[tile] as number) && y < top + (tiles.height[tile] as number);
}

/** Tiles directly inside one, the largest first. */
export function tilesIn(tiles: Tiles, tile: number): number[] {
  const out: number[] = [];
  for (let child = tile + 1; child < (tiles.end[tile] as number); child = tiles.end[child] as number) out.push(child);
  return out;
}
