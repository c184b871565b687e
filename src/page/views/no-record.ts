import type { App } from '../app.ts';
import { el } from '../dom.ts';
import { routeTo } from '../route.ts';
import { size } from '../text.ts';

/** What is told of an image that carries no record of reasons, and how it would get one. */
export function noRecord({ data: { image } }: App): HTMLElement {
  return el(
    'div',
    { class: 'hint' },
    el('h3', {}, 'This image does not say why its files are there'),
    el(
      'p',
      {},
      'Images that tare builds or shrinks carry a record of reasons: a chain from the entry point to every file. To get one for this image:',
    ),
    el('pre', { class: 'command' }, `tare shrink ${image.reference}`),
    el(
      'p',
      { class: 'note' },
      'Until then, each file knows the layer that it came with: open one in the treemap, or search for it.',
    ),
  );
}

/** Which layer a file came with, which wrote it again, and which of that is shipped though nobody sees it. */
export function layersWhy({ image }: App, row: number): HTMLElement {
  const { layers, nodes } = image.image;
  const own = nodes.layer[row] as number;
  const place = image.path(row);
  const wasteful = layers.inefficiencies.find((item) => item.path === place);
  const all = [...new Set([...(wasteful?.layers ?? []), ...(own === -1 ? [] : [own])])].sort((a, b) => a - b);
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'chain-title' },
    el('h3', { id: 'chain-title' }, 'The layers that hold it'),
    el(
      'ol',
      { class: 'chain' },
      all.map((layer) =>
        el(
          'li',
          { 'aria-current': layer === own ? 'true' : undefined },
          el(
            'div',
            { class: 'step' },
            el('a', { href: routeTo('layers', `/${layer}`) }, `layer ${layer}`),
            el('span', { class: 'tag' }, layer === own ? 'what is seen' : 'shipped, never seen'),
          ),
          el('p', { class: 'note' }, el('code', {}, layers.rows[layer]?.createdBy || 'the history does not tell')),
        ),
      ),
    ),
    wasteful === undefined
      ? null
      : el('p', { class: 'note' }, `${size(wasteful.bytes)} of copies are shipped that nobody sees.`),
  );
}
