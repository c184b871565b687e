import { bytesOfText, joinPath, nameOf, pathOfText, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { NOTHING, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const FOLDER = pathOfText('/usr/lib/locale');
const ARCHIVE = joinPath(FOLDER, 'locale-archive');
/** locale(7): each names the locale of one category, LANG that of all others. */
const VARIABLE = /^(?:LANG|LANGUAGE|LC_[A-Z]+)$/;
const NONE = new Set(['', 'C', 'POSIX']);
const MAX_FILES = 200;

/** The data of the locale that the environment asks for, as glibc keeps it: a folder for each, or all in one archive. */
export const locale: Rule = {
  name: 'locale',
  apply({ context, tree }: RuleInput): Findings {
    const asked = Object.entries(context.env).filter(([name, value]) => VARIABLE.test(name) && !NONE.has(value));
    if (asked.length === 0) return NOTHING;
    const edges = asked.flatMap(([name, value]) => {
      const because = `${name}=${value} is set in the environment`;
      const found = filesOf(tree, value).map((path) => ruleEdge('locale', path, because));
      const inArchive = found.length === 0 && tree.resolve(ARCHIVE) !== undefined;
      return inArchive ? [ruleEdge('locale', ARCHIVE, because, 'likely')] : found;
    });
    return { edges, add: [] };
  },
};

/** glibc compares the part after the dot without regard to case and punctuation: `C.UTF-8` is `C.utf8`. */
function filesOf(tree: Tree, value: string): TreePath[] {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9_.@]/g, '');
  const folder = tree
    .children(tree.resolve(FOLDER)?.entry.path ?? FOLDER)
    .find((entry) => entry.type === 'directory' && plain(nameOf(entry.path)) === plain(bytesOfText(value)));
  if (folder === undefined) return [];
  const out: TreePath[] = [];
  const pending = [folder.path];
  for (let at = pending.pop(); at !== undefined && out.length < MAX_FILES; at = pending.pop()) {
    for (const entry of tree.children(at)) (entry.type === 'directory' ? pending : out).push(entry.path);
  }
  return out;
}
