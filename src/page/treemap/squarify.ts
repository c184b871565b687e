export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Divides a rectangle among weights, so that the parts are as square as can be.
 * Mark Bruls, Kees Huizing, Jarke J. van Wijk: "Squarified Treemaps" (2000), section 3.
 * @param weights above 0, the largest first
 * @returns one rectangle for each, in their order
 */
export function squarify(weights: readonly number[], within: Rect): readonly Rect[] {
  const out: Rect[] = [];
  let left = weights.reduce((sum, weight) => sum + weight, 0);
  let { height, width, x, y } = within;
  for (let start = 0; start < weights.length && left > 0;) {
    const side = Math.min(width, height);
    const scale = (width * height) / left;
    let end = start;
    let row = 0;
    let worst = Infinity;
    while (end < weights.length) {
      const sum = row + (weights[end] as number);
      const next = worstRatio(weights[start] as number, weights[end] as number, sum, scale, side);
      if (next > worst) break;
      worst = next;
      row = sum;
      end += 1;
    }
    const isLast = end === weights.length;
    const thickness = isLast ? (width <= height ? height : width) : (row * scale) / side;
    let at = 0;
    for (let item = start; item < end; item++) {
      const length = item === end - 1 ? side - at : ((weights[item] as number) / row) * side;
      out.push(
        width <= height
          ? { x: x + at, y, width: Math.max(0, length), height: thickness }
          : { x, y: y + at, width: thickness, height: Math.max(0, length) },
      );
      at += length;
    }
    if (width <= height) [y, height] = [y + thickness, height - thickness];
    else [x, width] = [x + thickness, width - thickness];
    left -= row;
    start = end;
  }
  while (out.length < weights.length) out.push({ x, y, width: 0, height: 0 });
  return out;
}

/** Of the longest to the shortest side, of the least square part of a row. */
function worstRatio(largest: number, smallest: number, sum: number, scale: number, side: number): number {
  const area = (sum * scale) ** 2;
  const square = side ** 2;
  return Math.max((square * largest * scale) / area, area / (square * smallest * scale));
}
