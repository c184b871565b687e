import { tilesIn, type Tiles } from './tiles.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The nearest tile in a direction, among those that lie in the same one; the first one when none is chosen yet. */
export function neighbourOf(tiles: Tiles, tile: number, direction: Direction): number {
  if (tile <= 0) return tilesIn(tiles, 0)[0] ?? -1;
  let above = 0;
  for (let at = 0; at < tile; at++) if ((tiles.end[at] as number) > tile) above = at;
  const middle = (at: number): readonly [number, number] => [
    (tiles.x[at] as number) + (tiles.width[at] as number) / 2,
    (tiles.y[at] as number) + (tiles.height[at] as number) / 2,
  ];
  const [x, y] = middle(tile);
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
  let best = tile;
  let nearest = Infinity;
  for (const other of tilesIn(tiles, above)) {
    const [ox, oy] = middle(other);
    const along = (ox - x) * dx + (oy - y) * dy;
    if (other === tile || along <= 0.5) continue;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const distance = along + 2 * aside;
    if (distance < nearest) [best, nearest] = [other, distance];
  }
  return best;
}
