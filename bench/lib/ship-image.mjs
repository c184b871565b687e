import { createLayout } from './layout.mjs';

/** 264 MB in ten layers, as uneven as those of real images, in the order of a manifest. */
const LAYERS_MB = [60, 100, 40, 25, 15, 10, 6, 4, 3, 1];

/** @returns `{ manifest, bytes }` of the image `bench` in a new layout at `dir` */
export function shipImage(dir, { scale = 1 } = {}) {
  const layout = createLayout(dir);
  const layers = LAYERS_MB.map((megabytes, at) => layout.layer(at + 1, Math.round(megabytes * 1e6 * scale)));
  const image = layout.image('bench', layers);
  layout.close();
  return image;
}
