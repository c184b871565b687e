import type { TreePath } from '../../base/path.ts';
import { makeFolder, place, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const TMP = '/tmp' as TreePath;
const BECAUSE = 'programs expect a folder for temporary files that everybody may write to';
/** Everybody may write, and only remove what is their own. */
const MODE = 0o1777;

/** `/tmp` (FHS 3.0, section 3.18), empty. Where it is a link, the folder that it leads to. */
export const tmp: Rule = {
  name: 'tmp',
  apply({ tree }: RuleInput): Findings {
    const found = tree.resolve(TMP);
    const link = tree.get(TMP)?.type === 'symlink' && found?.entry.type === 'directory';
    const path = link ? found.entry.path : TMP;
    const made = place(tree, makeFolder(path, MODE), { rule: 'tmp', because: BECAUSE });
    return link ? { ...made, edges: [...made.edges, ruleEdge('tmp', TMP, BECAUSE)] } : made;
  },
};
