import { nameOf, showPath, type TreePath } from '../base/path.ts';
import type { RootPath } from '../evidence/collect.ts';
import { leadTo } from '../evidence/lead.ts';
import { phaseNames } from '../evidence/observed/phases.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { openImage } from '../transports/index.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { missedPaths, type MissedPath } from '../verify/missed.ts';
import { missingIn } from '../verify/missing.ts';
import type { ObservedRun } from '../verify/observe.ts';
import type { Produced } from './produce.ts';
import type { Subject } from './subject.ts';
import type { WatchOptions } from './watch.ts';

/** A folder that a complaint names is put back with so many entries at most. */
const MAX_BELOW = 10_000;

export interface MissedInput {
  readonly subject: Subject;
  readonly produced: Produced;
  /** Of the small image. */
  readonly traced: ObservedRun;
  readonly watching: WatchOptions;
  /** Of an image that answers as it should: what it complains of. Absent: it does not answer as it should. */
  readonly complaints?: readonly string[];
}

/**
 * What the small image looked up and the original has. Of the entries of folders that it listed: those that a complaint names, with all that is below;
 * of an image that fails all of them, when nothing else was missed.
 */
export async function missedBy({
  complaints,
  produced,
  subject,
  traced,
  watching: { tools },
}: MissedInput): Promise<RootPath[]> {
  if (traced.observation === undefined) return [];
  const image = await openImage(produced.descriptor.digest, { store: tools.store, ctx: tools.ctx });
  const { tree } = await treeOfImage(image, tools.store, tools.ctx.signal);
  const missed = missedPaths(traced.observation, tree, subject.tree);
  const asked = missed.filter((item) => item.how.some((how) => how !== 'list'));
  const rest = missed.filter((item) => !asked.includes(item));
  const listed = complaints === undefined ? (asked.length > 0 ? [] : rest) : named(rest, complaints, subject.tree);
  // Words of commands and query strings may hold secrets, and reasons travel with the image.
  const names = phaseNames(traced.probes);
  return [...asked, ...listed].map((item) => {
    const by = item.by.map(showPath).join(', ');
    const how = item.how.includes('open') || item.how.includes('exec') ? 'opened' : 'looked-up';
    return repair(subject, item.path, how, `missed by ${by} during ${names.nameOf(item.phase)}, and put back`);
  });
}

/** Python lists a folder, and says `No module named 'yaml.nodes'` when there is no `yaml`, `yaml.py`, `yaml.cpython-312-x86_64-linux-gnu.so`. */
function named(listed: readonly MissedPath[], complaints: readonly string[], tree: Tree): readonly MissedPath[] {
  const names = missingIn(complaints.join('\n')).map((name) => name.split(/[./]/, 1)[0] ?? '');
  const stems = new Set(names.filter((name) => name !== ''));
  const found = listed.filter((item) => stems.has(nameOf(item.path).split('.', 1)[0] ?? ''));
  return found.flatMap((item) => [item, ...below(tree, item.path).map((path) => ({ ...item, path }))]);
}

/** Everything in a folder, at most MAX_BELOW. */
function below(tree: Tree, folder: TreePath): readonly TreePath[] {
  const out: TreePath[] = [];
  const todo: Entry[] = [...tree.children(folder)];
  for (let entry = todo.pop(); entry !== undefined && out.length < MAX_BELOW; entry = todo.pop()) {
    out.push(entry.path);
    if (entry.type === 'directory') todo.push(...tree.children(entry.path));
  }
  return out;
}

/** What the original asks for and the small image lacks. */
export function unseen(subject: Subject, produced: Produced, profile: Profile): RootPath[] {
  const kept = new Set(produced.decision.plan.keep.map((item) => item.path));
  return profile.paths
    .filter((row) => !kept.has(row.path) && leadTo(subject.tree, row.path).entry?.type !== 'directory')
    .map((row) => {
      const because = `the original asks for it during ${row.phases.join(', ')}, and the small image failed: put back`;
      return repair(subject, row.path, row.how.includes('open') ? 'opened' : 'looked-up', because);
    });
}

function repair(subject: Subject, path: RootPath['path'], kind: 'looked-up' | 'opened', because: string): RootPath {
  const [started] = subject.started;
  if (started === undefined) throw new Error('nothing is started');
  return { root: 'repair', path, kind, because, context: started.context };
}
