import type { Evidence } from '../../evidence/codec.ts';
import type { Tree } from '../../tree/types.ts';
import { chainTo } from '../why.ts';
import type { NumberedTree } from './file-table.ts';
import { numbering } from './numbering.ts';
import type { ChainTable } from './types.ts';

/** The chains of all files, as `tare why` prints them. */
export function chainTable(evidence: Evidence, tree: Tree, { entries }: NumberedTree): ChainTable {
  const subjects = numbering<string>();
  const kinds = numbering<string>();
  const texts = numbering<string>();
  const steps = numbering<readonly [before: number, subject: number, kind: number, because: number]>();
  const last = entries.map((entry) => {
    if (entry === undefined) return -1;
    let before = -1;
    for (const { because, kind, path } of chainTo(evidence, tree, entry.path, entry.path)) {
      const step = [
        before,
        subjects.of(path, () => path),
        kinds.of(kind, () => kind),
        texts.of(because, () => because),
      ] as const;
      before = steps.of(step.join(' '), () => step);
    }
    return before;
  });
  return {
    last,
    before: steps.values.map(([before]) => before),
    subject: steps.values.map(([, subject]) => subject),
    kind: steps.values.map(([, , kind]) => kind),
    because: steps.values.map(([, , , because]) => because),
    subjects: subjects.values,
    kinds: kinds.values,
    texts: texts.values,
  };
}
