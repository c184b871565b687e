import { compareBytes } from '../../base/path.ts';
import type { TreePath } from '../../base/path.ts';
import type { Edge } from '../types.ts';
import { createGraph } from '../graph.ts';
import { caCertificates } from './ca-certificates.ts';
import { keptPrograms } from './kept-programs.ts';
import { locale } from './locale.ts';
import { dotnetManifests } from './dotnet-manifests.ts';
import { folders } from './folders.ts';
import { joinFindings } from './make.ts';
import { nsswitch } from './nsswitch.ts';
import { osRelease } from './os-release.ts';
import { settings } from './settings.ts';
import { timezone } from './timezone.ts';
import { tmp } from './tmp.ts';
import type { Findings, Rule, RuleEntry, RuleInput } from './types.ts';
import { user } from './user.ts';
import { zones } from './zones.ts';

/** Of an image that is made of parts: what it needs is made or taken. The first wins where two make the same path. */
export const NEW_IMAGE_RULES: readonly Rule[] = [
  caCertificates,
  dotnetManifests,
  nsswitch,
  osRelease,
  timezone,
  tmp,
  user,
];
/** Of an image that becomes smaller: what it has stays as it is. */
export const IMAGE_RULES: readonly Rule[] = [
  caCertificates,
  dotnetManifests,
  folders,
  locale,
  osRelease,
  settings,
  timezone,
  zones,
];
/** Of an image that keeps what was seen to be used: nothing is guessed. */
export const USED_RULES: readonly Rule[] = [dotnetManifests, folders, osRelease, settings];

/**
 * What the rules add to the evidence. Pure but for reading; the answer depends on what is kept, so it is asked again when that has grown.
 * `edges` lead from the rules' roots (`rule:NAME`) to paths of the tree, `add` holds entries that the tree lacks or that replace its own. Both in byte order.
 * @throws TareError E_CONFIG when `user` or `timezone` names what is not in the tree
 */
export async function applyRules(rules: readonly Rule[], input: Omit<RuleInput, 'programs'>): Promise<Findings> {
  const programs = keptPrograms(input);
  const all: Findings[] = [];
  for (const rule of rules) all.push(await rule.apply({ ...input, programs }));
  const { add, edges } = joinFindings(all);
  return { edges: orderedEdges(edges), add: firstOfEach(add) };
}

function orderedEdges(edges: readonly Edge[]): readonly Edge[] {
  return createGraph(edges).edges;
}

function firstOfEach(add: readonly RuleEntry[]): RuleEntry[] {
  const byPath = new Map<TreePath, RuleEntry>();
  for (const item of add) if (!byPath.has(item.entry.path)) byPath.set(item.entry.path, item);
  return [...byPath.values()].sort((a, b) => compareBytes(a.entry.path, b.entry.path));
}
