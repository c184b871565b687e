import type { Palette } from '../palette.ts';
import { shown, size } from '../text.ts';
import type { Camera } from './camera.ts';
import type { Tiles } from './tiles.ts';

export interface Scene {
  readonly tiles: Tiles;
  readonly camera: Camera;
  readonly palette: Palette;
  /** Of the canvas, in pixels of the page. */
  readonly width: number;
  readonly height: number;
  readonly unit: number;
  /** -1: none. */
  readonly hovered: number;
  readonly selected: number;
}

/** What is smaller on the screen is left to the colour behind it, in square pixels. */
const MIN_SEEN = 0.06;
/** Folders below this are one block. */
const MIN_FOLDER = 4;
const MAX_LABELS = 400;

/** Draws all that is seen; time grows with what is seen, not with what there is. */
export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { camera, height, palette, tiles, width } = scene;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, width, height);
  const labels: number[] = [];
  let filled = '';
  for (let tile = 0; tile < tiles.count;) {
    const w = (tiles.width[tile] as number) * camera.scale;
    const h = (tiles.height[tile] as number) * camera.scale;
    const x = ((tiles.x[tile] as number) - camera.x) * camera.scale;
    const y = ((tiles.y[tile] as number) - camera.y) * camera.scale;
    if (w * h < MIN_SEEN || x > width || y > height || x + w < 0 || y + h < 0) {
      tile = tiles.end[tile] as number;
      continue;
    }
    const cell = tiles.cells[tile];
    if (cell === undefined) break;
    const isBlock = cell.holds && (w < MIN_FOLDER || h < MIN_FOLDER);
    const fill =
      cell.holds && !isBlock
        ? (palette.folders[Math.min(tiles.depth[tile] as number, palette.folders.length - 1)] ?? palette.ground)
        : (palette.fills[cell.colour] ?? palette.mixed);
    if (fill !== filled) context.fillStyle = filled = fill;
    const gap = w > 4 && h > 4 ? 0.5 : 0;
    context.fillRect(x + gap, y + gap, w - 2 * gap, h - 2 * gap);
    if (w > 34 && h > 14) labels.push(tile);
    tile = isBlock ? (tiles.end[tile] as number) : tile + 1;
  }
  const area = (tile: number): number => (tiles.width[tile] as number) * (tiles.height[tile] as number);
  if (labels.length > MAX_LABELS) labels.sort((a, b) => area(b) - area(a));
  for (const tile of labels.slice(0, MAX_LABELS)) label(context, scene, tile);
  outline(context, scene, scene.hovered, palette.ink, 1.5);
  outline(context, scene, scene.selected, palette.accent, 3);
}

/** Names are read in their own size, whatever is zoomed into; they grow a little on the way. */
function label(context: CanvasRenderingContext2D, { camera, palette, tiles, unit, width }: Scene, tile: number): void {
  const cell = tiles.cells[tile];
  if (cell === undefined || (tiles.depth[tile] as number) === 0) return;
  const x = ((tiles.x[tile] as number) - camera.x) * camera.scale;
  const y = ((tiles.y[tile] as number) - camera.y) * camera.scale;
  const w = (tiles.width[tile] as number) * camera.scale;
  const h = (tiles.height[tile] as number) * camera.scale;
  const text = 12 * unit;
  // What begins left of what is seen keeps its name in sight.
  const left = Math.max(x, 0) + 6 * unit;
  const room = Math.min(x + w, width) - left - 5 * unit;
  if (room < 24 * unit) return;
  if (cell.holds) {
    const header = (tiles.header[tile] as number) * camera.scale;
    if (header < text) return;
    const middle = y + Math.min(header, 20 * unit) / 2 + 1;
    const total = size(cell.bytes);
    context.font = `600 ${text}px ${FONT}`;
    context.fillStyle = palette.ink;
    context.textBaseline = 'middle';
    const name = fitted(context, cell.label, room);
    if (name === '') return;
    context.fillText(name, left, middle);
    const used = context.measureText(name).width;
    context.font = `400 ${text}px ${FONT}`;
    if (used + 8 * unit + context.measureText(total).width > room) return;
    context.fillStyle = palette.muted;
    context.fillText(total, left + used + 8 * unit, middle);
    return;
  }
  if (h < text + 5 * unit) return;
  context.fillStyle = palette.inks[cell.colour] ?? palette.ink;
  context.textBaseline = 'top';
  context.font = `500 ${text}px ${FONT}`;
  const top = Math.max(y, 0) + 4 * unit;
  const name = fitted(context, cell.label, room);
  if (name === '') return;
  context.fillText(name, left, top);
  if (y + h - top < 2.6 * text) return;
  context.font = `400 ${text}px ${FONT}`;
  const total = size(cell.bytes);
  if (context.measureText(total).width <= room) context.fillText(total, left, top + 1.25 * text);
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

const widths = new Map<string, number>();

/** As much of a name as there is room for; nothing when that would say nothing. */
function fitted(context: CanvasRenderingContext2D, label: string, room: number): string {
  const text = shown(label.length > 200 ? label.slice(0, 200) : label);
  const key = `${context.font}\0${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    width = context.measureText(text).width;
    widths.set(key, width);
  }
  if (width <= room) return text;
  const letters = Math.floor((text.length * room) / width) - 1;
  return letters < 3 ? '' : `${text.slice(0, letters)}…`;
}

function outline(
  context: CanvasRenderingContext2D,
  scene: Scene,
  tile: number,
  colour: string,
  thickness: number,
): void {
  const { camera, tiles } = scene;
  if (tile <= 0 || tile >= tiles.count) return;
  const half = thickness / 2;
  context.strokeStyle = colour;
  context.lineWidth = thickness;
  context.strokeRect(
    ((tiles.x[tile] as number) - camera.x) * camera.scale + half,
    ((tiles.y[tile] as number) - camera.y) * camera.scale + half,
    Math.max(1, (tiles.width[tile] as number) * camera.scale - thickness),
    Math.max(1, (tiles.height[tile] as number) * camera.scale - thickness),
  );
}
