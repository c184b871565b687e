import { ancestorsOf, parentOf, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import { automatonOf, type Automaton } from './automaton.ts';
import { tokensOf } from './tokens.ts';
import type { IgnoreRule, IgnoreRules } from './types.ts';

/** Folders whose results are remembered; a walk needs those above the one that it is in. */
const MAX_FOLDERS = 4096;

export interface IgnoreMatcher {
  /** The rule that hides a path: the last one that matches it or a folder above it, unless that is an exception. The root is never hidden. */
  hides(path: TreePath): IgnoreRule | undefined;
  /** Whether a path below a hidden folder may be shown again: a walk can pass by a folder for which this is false. */
  mayHoldExceptions(folder: TreePath): boolean;
}

interface Compiled {
  readonly rule: IgnoreRule;
  readonly automaton: Automaton;
}

/**
 * The rules as one question, with the answers of `MatchesOrParentMatches` in moby/patternmatcher v0.6.1: a rule that matches a folder counts for all that
 * is below it, and the last rule that counts decides. So `!docs/README.md` shows that file again after `docs` was hidden.
 */
export function createIgnoreMatcher(rules: IgnoreRules): IgnoreMatcher {
  const compiled = rules.map((rule): Compiled => {
    const tokens = tokensOf(rule.pattern);
    if ('problem' in tokens) throw new Error(`a rule with the bad pattern ${rule.pattern}`);
    return { rule, automaton: automatonOf(tokens) };
  });
  const lastOf = lastMatch(compiled);
  return {
    hides: (path) => {
      const rule = compiled[lastOf(path)]?.rule;
      return rule?.exception === false ? rule : undefined;
    },
    mayHoldExceptions: (folder) => {
      if (folder === ROOT) return compiled.some(({ rule }) => rule.exception);
      const last = lastOf(folder);
      const text = textOfBytes(folder.slice(1));
      // A rule before the last one that hides the whole folder shows nothing in it.
      return compiled.some(
        ({ automaton, rule }, index) => index > last && rule.exception && automaton.mayMatchBelow(text),
      );
    },
  };
}

/** The place of the last rule that matches a path or a folder above it; -1: none does. */
function lastMatch(compiled: readonly Compiled[]): (path: TreePath) => number {
  const folders = new Map<TreePath, number>();
  const better = (path: TreePath, known: number): number => {
    const text = textOfBytes(path.slice(1));
    for (let index = compiled.length - 1; index > known; index--)
      if ((compiled[index] as Compiled).automaton.matches(text)) return index;
    return known;
  };
  const ofFolder = (folder: TreePath): number => {
    if (folder === ROOT) return -1;
    const known = folders.get(folder);
    if (known !== undefined) return known;
    // Not by recursion: a path can have thousands of folders.
    let last = -1;
    for (const above of [...ancestorsOf(folder).slice(1), folder]) {
      last = folders.get(above) ?? better(above, last);
      if (folders.size >= MAX_FOLDERS) folders.clear();
      folders.set(above, last);
    }
    return last;
  };
  return (path) => (path === ROOT ? -1 : better(path, ofFolder(parentOf(path))));
}
