import { zoomed, type Camera } from './camera.ts';
import type { Direction } from './neighbour.ts';

/** What can be done with a board; places are pixels of the canvas, tiles are -1 when there is none. */
export interface Steering {
  readonly camera: () => Camera;
  readonly size: () => { readonly width: number; readonly height: number };
  readonly move: (camera: Camera) => void;
  readonly tileAt: (x: number, y: number) => number;
  readonly pointTo: (tile: number, at?: { readonly x: number; readonly y: number }) => void;
  readonly select: (tile: number) => void;
  readonly open: (tile: number) => void;
  readonly holds: (tile: number) => boolean;
  readonly leave: () => void;
  readonly neighbour: (direction: Direction) => number;
  readonly selected: () => number;
  /** The one of those directly inside the whole that a tile is part of. */
  readonly outermost: (tile: number) => number;
}

const KEY_ZOOM = 1.5;
/** As far as a finger or mouse may slip in a click, in pixels. */
const SLIP = 4;

/** Mouse, fingers, wheel and keys. @returns stops listening */
export function listenTo(canvas: HTMLCanvasElement, steer: Steering): () => void {
  const controller = new AbortController();
  const options = { signal: controller.signal };
  listenToPointers(canvas, steer, options);
  canvas.addEventListener(
    'wheel',
    (event) => {
      // Without a key the page scrolls, unless somebody is at work in here.
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
      event.preventDefault();
      const { x, y } = placeOf(canvas, event);
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
      steer.move(zoomed(steer.camera(), Math.exp(-pixels / (event.ctrlKey ? 120 : 300)), x, y));
    },
    { ...options, passive: false },
  );
  canvas.addEventListener(
    'keydown',
    (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (keyed(event, steer)) event.preventDefault();
    },
    options,
  );
  return () => controller.abort();
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/** @returns whether the key meant something */
function keyed({ key }: KeyboardEvent, steer: Steering): boolean {
  const direction = ARROWS[key];
  const { height, width } = steer.size();
  const zoomBy = (factor: number): void => steer.move(zoomed(steer.camera(), factor, width / 2, height / 2));
  if (direction !== undefined) {
    const tile = steer.neighbour(direction);
    steer.select(tile);
    steer.pointTo(tile);
  } else if (key === 'Enter' || key === ' ') {
    const tile = steer.selected();
    if (tile > 0) steer.open(tile);
  } else if (key === 'Escape' || key === 'Backspace') steer.leave();
  else if (key === '+' || key === '=') zoomBy(KEY_ZOOM);
  else if (key === '-') zoomBy(1 / KEY_ZOOM);
  else if (key === '0') steer.move({ scale: 1, x: 0, y: 0 });
  else return false;
  return true;
}

function placeOf(canvas: HTMLCanvasElement, event: MouseEvent): { readonly x: number; readonly y: number } {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** One pointer moves, two zoom; one that hardly moved was a click. */
function listenToPointers(canvas: HTMLCanvasElement, steer: Steering, options: AddEventListenerOptions): void {
  const down = new Map<number, { x: number; y: number }>();
  let moved = 0;
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      if (down.size === 0) moved = 0;
      down.set(event.pointerId, placeOf(canvas, event));
      canvas.setPointerCapture(event.pointerId);
    },
    options,
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      const now = placeOf(canvas, event);
      const before = down.get(event.pointerId);
      if (before === undefined) {
        steer.pointTo(steer.tileAt(now.x, now.y), now);
        return;
      }
      const [dx, dy] = [now.x - before.x, now.y - before.y];
      moved += Math.abs(dx) + Math.abs(dy);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      const camera = steer.camera();
      if (other !== undefined) {
        const factor = distance(now, other) / Math.max(1, distance(before, other));
        steer.move(zoomed(camera, factor, (now.x + other.x) / 2, (now.y + other.y) / 2));
      } else if (moved > SLIP && camera.scale > 1)
        steer.move({ ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale });
      canvas.classList.toggle('dragging', moved > SLIP && steer.camera().scale > 1);
      canvas.style.setProperty('touch-action', steer.camera().scale > 1 ? 'none' : 'pan-y');
    },
    options,
  );
  const up = (event: PointerEvent): void => {
    const at = down.get(event.pointerId);
    down.delete(event.pointerId);
    canvas.classList.remove('dragging');
    if (at === undefined || event.type === 'pointercancel' || moved > SLIP) return;
    const tile = steer.tileAt(at.x, at.y);
    if (steer.holds(tile)) steer.open(tile);
    else steer.select(tile);
  };
  canvas.addEventListener('pointerup', up, options);
  canvas.addEventListener('pointercancel', up, options);
  canvas.addEventListener('pointerleave', () => steer.pointTo(-1), options);
  canvas.addEventListener(
    'dblclick',
    (event) => {
      const { x, y } = placeOf(canvas, event);
      const tile = steer.outermost(steer.tileAt(x, y));
      if (steer.holds(tile)) steer.open(tile);
    },
    options,
  );
}

const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number => Math.hypot(a.x - b.x, a.y - b.y);
