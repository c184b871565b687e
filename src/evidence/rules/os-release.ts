import { isInside, pathOfText, type TreePath } from '../../base/path.ts';
import type { Edge } from '../types.ts';
import { NOTHING, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

/** os-release(5): the first wins. */
const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'].map(pathOfText);
/** Older marks that scanners read for the exact release. */
const MARKS = ['/etc/debian_version', '/etc/alpine-release'].map(pathOfText);
const MAX_BYTES = 64 * 1024; // 64 KiB
/** Where the files of an operating system are; `/usr/local` and `/opt` belong to others. */
const SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib|lib32|lib64|libx32|libexec|share|etc)\//;

/** Which operating system the files were taken from, for vulnerability scanners. An image that holds none of its files does not say so. */
export const osRelease: Rule = {
  name: 'os-release',
  apply({ context, graph, tree }: RuleInput): Findings {
    const taken = graph.edges.some(({ to }) => SYSTEM.test(to) && (context.cwd === '/' || !isInside(context.cwd, to)));
    if (!taken) return NOTHING;
    const small = (path: TreePath): boolean => {
      const entry = tree.resolve(path)?.entry;
      return entry?.content !== undefined && entry.size <= MAX_BYTES;
    };
    const edges: Edge[] = OS_RELEASE.filter(small)
      .slice(0, 1)
      .map((path) => ruleEdge('os-release', path, 'says which operating system the files come from; scanners read it'));
    for (const path of MARKS.filter(small))
      edges.push(ruleEdge('os-release', path, 'the exact release of the operating system; scanners read it'));
    return { edges, add: [] };
  },
};
