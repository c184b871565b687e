import type { ChainTable } from '../../explain/explore/types.ts';
import type { App } from '../app.ts';
import { el, name, path } from '../dom.ts';
import { reasonName } from '../groupings.ts';
import { routeTo } from '../route.ts';

/** The chain of reasons from a start to a file, one step below the other. */
export function chainOf(app: App, chains: ChainTable, row: number): HTMLElement {
  const steps: number[] = [];
  for (let step = chains.last[row] ?? -1; step !== -1; step = chains.before[step] as number) steps.unshift(step);
  if (steps.length === 0) return el('p', { class: 'empty' }, 'The record of reasons does not say why it is there.');
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'chain-title' },
    el('h3', { id: 'chain-title' }, 'Because'),
    el(
      'ol',
      { class: 'chain' },
      steps.map((step, at) => {
        const subject = chains.subjects[chains.subject[step] as number] ?? '';
        const kind = chains.kinds[chains.kind[step] as number] ?? '';
        const isLast = at === steps.length - 1;
        return el(
          'li',
          { 'aria-current': isLast ? 'true' : undefined },
          el(
            'div',
            { class: 'step' },
            subject.startsWith('/')
              ? isLast || app.image.rowOf(subject) === -1
                ? path(subject)
                : el('a', { href: routeTo('why', subject) }, path(subject))
              : name(subject, 'name start'),
            el('span', { class: 'tag' }, reasonName(kind)),
          ),
          el('p', { class: 'note' }, name(chains.texts[chains.because[step] as number] ?? '')),
        );
      }),
    ),
  );
}
