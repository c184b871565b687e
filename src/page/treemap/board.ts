import { el } from '../dom.ts';
import { paletteNow, type Palette } from '../palette.ts';
import { between, onto, WHOLE, within, zoomed, type Camera } from './camera.ts';
import type { Cell } from './cells.ts';
import { listenTo } from './gestures.ts';
import { neighbourOf } from './neighbour.ts';
import { paint } from './paint.ts';
import type { Rect } from './squarify.ts';
import { layOut, tileAt, tilesIn, type Tiles } from './tiles.ts';

export interface Board {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** Shows other cells; the way there is drawn when one of both is inside of the other. */
  show(root: Cell, key: CellKey): void;
  zoom(factor: number): void;
  reset(): void;
  repaint(): void;
  stop(): void;
}

/** Which cell it is, whatever tiles there are. */
export interface CellKey {
  readonly row: number;
  readonly group: number;
}

export interface BoardEvents {
  /** A cell was pointed at with the mouse or the arrows; undefined: none is. `at` is where, in pixels of the board. */
  readonly onPoint: (cell: Cell | undefined, at: { readonly x: number; readonly y: number } | undefined) => void;
  readonly onSelect: (cell: Cell) => void;
  /** It is to fill the board. */
  readonly onOpen: (cell: Cell) => void;
  readonly onLeave: () => void;
}

const ANIMATION_MS = 260;

/** The canvas of the treemap: what it shows, how it moves, how it is steered. */
export function createBoard(label: string, events: BoardEvents): Board {
  const canvas = el('canvas', {
    class: 'board',
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'treemap',
    'aria-label': label,
    'aria-describedby': 'board-keys',
  });
  const element = el('div', { class: 'board-frame' }, canvas);
  const context = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
  let root: Cell | undefined;
  let shownKey: CellKey | undefined;
  let tiles: Tiles | undefined;
  let camera: Camera = WHOLE;
  let palette: Palette | undefined;
  let [width, height, unit, hovered, selected] = [0, 0, 1, -1, -1];
  let frame = 0;
  let animation:
    | { readonly from: Camera; readonly to: Camera; readonly start: number; readonly done: () => void }
    | undefined;

  const draw = (now: number): void => {
    frame = 0;
    if (tiles === undefined || width === 0) return;
    if (animation !== undefined) {
      const part = Math.min(1, Math.max(0, (now - animation.start) / ANIMATION_MS));
      camera = between(animation.from, animation.to, ease(part), width, height);
      if (part === 1) {
        const { done } = animation;
        animation = undefined;
        done();
      } else schedule();
    }
    palette ??= paletteNow();
    paint(context, { tiles, camera, palette, width, height, unit, hovered, selected });
  };
  const schedule = (): void => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const animate = (from: Camera, to: Camera, done: () => void): void => {
    camera = from;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      camera = to;
      done();
      schedule();
      return;
    }
    animation = { from, to, start: performance.now(), done };
    schedule();
  };
  const build = (): void => {
    if (root === undefined || width === 0) return;
    tiles = layOut(root, width, height, unit);
    [hovered, selected] = [-1, -1];
    schedule();
  };
  const resize = (): void => {
    const box = element.getBoundingClientRect();
    const ratio = devicePixelRatio;
    [width, height] = [Math.round(box.width), Math.round(box.height)];
    unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    camera = WHOLE;
    build();
    // A canvas is empty once its size was set: the next frame would be too late.
    if (frame !== 0) cancelAnimationFrame(frame);
    draw(performance.now());
  };
  const observer = new ResizeObserver(resize);
  observer.observe(element);

  const pointTo = (tile: number, at?: { readonly x: number; readonly y: number }): void => {
    if (tile !== hovered) {
      hovered = tile;
      schedule();
    }
    events.onPoint(tile <= 0 ? undefined : tiles?.cells[tile], at);
  };
  const select = (tile: number): void => {
    selected = tile;
    schedule();
    const cell = tiles?.cells[tile];
    if (cell !== undefined && tile > 0) events.onSelect(cell);
  };
  const move = (next: Camera): void => {
    animation = undefined;
    camera = within(next, width, height);
    schedule();
  };
  const open = (tile: number): void => {
    const cell = tiles?.cells[tile];
    if (cell !== undefined && tile > 0) events.onOpen(cell);
  };
  const unlisten = listenTo(canvas, {
    camera: () => camera,
    move,
    tileAt: (x, y) =>
      tiles === undefined ? -1 : tileAt(tiles, x / camera.scale + camera.x, y / camera.scale + camera.y),
    pointTo,
    select,
    open,
    holds: (tile) => tiles?.cells[tile]?.holds === true,
    outermost: (tile) =>
      tiles === undefined
        ? -1
        : (tilesIn(tiles, 0).find((outer) => tile >= outer && tile < (tiles?.end[outer] ?? 0)) ?? -1),
    leave: () => {
      if (camera.scale > 1.001) animate(camera, WHOLE, () => undefined);
      else events.onLeave();
    },
    neighbour: (direction) => (tiles === undefined ? -1 : neighbourOf(tiles, selected, direction)),
    selected: () => selected,
    size: () => ({ width, height }),
  });

  return {
    element,
    canvas,
    show(next, key) {
      const before = { root, tiles, key: shownKey };
      [root, shownKey] = [next, key];
      const inner = before.tiles === undefined ? -1 : tileOf(before.tiles, key);
      if (before.tiles !== undefined && inner > 0) {
        animate(camera, onto(rectOf(before.tiles, inner), width, height), () => {
          camera = WHOLE;
          build();
        });
        return;
      }
      camera = WHOLE;
      build();
      const outer = tiles === undefined || before.key === undefined ? -1 : tileOf(tiles, before.key);
      if (tiles !== undefined && outer > 0) animate(onto(rectOf(tiles, outer), width, height), WHOLE, () => undefined);
    },
    zoom(factor) {
      move(zoomed(camera, factor, width / 2, height / 2));
    },
    reset() {
      animate(camera, WHOLE, () => undefined);
    },
    repaint() {
      palette = undefined;
      // At once: what is printed does not wait for a frame.
      draw(performance.now());
    },
    stop() {
      observer.disconnect();
      unlisten();
      if (frame !== 0) cancelAnimationFrame(frame);
    },
  };
}

const ease = (part: number): number => (part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2);

function tileOf({ cells, count }: Tiles, key: CellKey): number {
  for (let tile = 0; tile < count; tile++) {
    const cell = cells[tile];
    if (cell?.row === key.row && cell.group === key.group) return tile;
  }
  return -1;
}

function rectOf(tiles: Tiles, tile: number): Rect {
  return {
    x: tiles.x[tile] as number,
    y: tiles.y[tile] as number,
    width: tiles.width[tile] as number,
    height: tiles.height[tile] as number,
  };
}
