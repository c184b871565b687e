import type { Rect } from './squarify.ts';

/** What part of a treemap is seen: a point of it is drawn at `(point - origin) * scale`. */
export interface Camera {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Camera = { scale: 1, x: 0, y: 0 };
export const MAX_SCALE = 64;

/** Nothing outside of the treemap is ever seen. */
export function within(camera: Camera, width: number, height: number): Camera {
  const scale = Math.min(MAX_SCALE, Math.max(1, camera.scale));
  const clamp = (value: number, length: number): number => Math.min(Math.max(0, value), length - length / scale);
  return { scale, x: clamp(camera.x, width), y: clamp(camera.y, height) };
}

/** Zooms by a factor, so that what is at a place of the screen stays there. */
export function zoomed(camera: Camera, factor: number, screenX: number, screenY: number): Camera {
  const scale = Math.min(MAX_SCALE, Math.max(1, camera.scale * factor));
  return {
    scale,
    x: camera.x + screenX / camera.scale - screenX / scale,
    y: camera.y + screenY / camera.scale - screenY / scale,
  };
}

/** So that a rectangle fills as much of the screen as it can. */
export function onto({ height, width, x, y }: Rect, screenWidth: number, screenHeight: number): Camera {
  const scale = Math.min(screenWidth / Math.max(width, 1e-3), screenHeight / Math.max(height, 1e-3), MAX_SCALE * 4);
  return {
    scale,
    x: x + width / 2 - screenWidth / scale / 2,
    y: y + height / 2 - screenHeight / scale / 2,
  };
}

/** Between two, `at` from 0 to 1: sizes grow by equal factors, and what is in the middle of both moves in a straight line. */
export function between(from: Camera, to: Camera, at: number, width: number, height: number): Camera {
  const scale = from.scale * (to.scale / from.scale) ** at;
  const part = from.scale === to.scale ? at : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
  const middle = (a: number, b: number, length: number): number => {
    const start = a + length / from.scale / 2;
    const end = b + length / to.scale / 2;
    return start + (end - start) * part - length / scale / 2;
  };
  return { scale, x: middle(from.x, to.x, width), y: middle(from.y, to.y, height) };
}
