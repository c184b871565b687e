import { showPath, textOfBytes } from '../base/path.ts';
import type { RootPath } from '../evidence/collect.ts';
import { leadTo } from '../evidence/lead.ts';
import { phaseNames } from '../evidence/observed/phases.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { openImage } from '../transports/index.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { compareFairly, type Compared } from '../verify/compare-runs.ts';
import { missedPaths } from '../verify/missed.ts';
import type { ObservedRun } from '../verify/observe.ts';
import { produce, type Knowledge, type Produced } from './produce.ts';
import type { Subject } from './subject.ts';
import { driveAgain, driveOf, profileOfRun, watch, type WatchOptions } from './watch.ts';

/** How often an image is mended and tried again. */
const MAX_ROUNDS = 10;

/** What became of an image and its verification. */
export interface Proof {
  readonly produced: Produced;
  readonly small: ObservedRun;
  readonly compared: readonly Compared[];
  readonly ok: boolean;
  readonly knowledge: Knowledge;
}

export interface ProveInput {
  readonly subject: Subject;
  readonly original: ObservedRun;
  readonly knowledge: Knowledge;
  readonly watching: WatchOptions;
}

/**
 * Packs, runs, compares; while something differs, puts back what the small image looked up in vain, and tries again, until it answers as the original
 * does or nothing new is learned. When its own questions tell nothing (Python does not look for a module that a folder does not list), the original
 * is watched once more, and what it asked for is put back.
 */
export async function prove({ knowledge: first, original: firstRun, subject, watching }: ProveInput): Promise<Proof> {
  const { options, tools } = watching;
  let knowledge = first;
  let original = firstRun;
  let learnt = original.observation !== undefined;
  for (let round = 1; ; round += 1) {
    const produced = await produce(subject, options, knowledge, tools);
    const image = await openImage(produced.descriptor.digest, { store: tools.store, ctx: tools.ctx });
    const drive = driveAgain(original, options);
    tools.ctx.onEvent({
      kind: 'step.started',
      step: 'verify',
      detail: round === 1 ? 'the small image' : `round ${round}`,
    });
    const small = await watch({ image, drive, than: original, restricted: true }, { ...watching, trace: undefined });
    const result = await compareFairly({
      original,
      small,
      mode: options.compare ?? 'auto',
      again: () => watch({ image: subject.image, drive, askAgain: true }, { ...watching, trace: undefined }),
    });
    original = result.original;
    const { compared, ok } = result;
    tools.ctx.onEvent({
      kind: 'step.done',
      step: 'verify',
      detail: ok
        ? `${compared.length} answers as the original's`
        : (compared.find((item) => item.difference)?.name ?? ''),
    });
    const proof = { produced, small, compared, ok, knowledge };
    if (ok || round >= MAX_ROUNDS) return proof;
    const traced = await watch({ image, drive, than: original }, { ...watching, trace: { syscalls: false } });
    // What was put back and is still not there (an `exclude` wins) will not come by trying again.
    const known = new Set(knowledge.repairs.map((item) => item.path));
    const missed = await missedBy(subject, produced, traced, watching);
    const found = missed.filter((item) => !known.has(item.path));
    if (found.length > 0) {
      knowledge = { ...knowledge, repairs: [...knowledge.repairs, ...found] };
      continue;
    }
    if (learnt) return proof;
    learnt = true;
    const again = await watch(
      { image: subject.image, drive: driveOf(options) },
      { ...watching, trace: { syscalls: false } },
    );
    const profile = profileOfRun(subject, again);
    const fresh = profile === undefined ? [] : unseen(subject, produced, profile);
    if (fresh.length === 0) return proof;
    knowledge = { ...knowledge, repairs: [...knowledge.repairs, ...fresh] };
  }
}

/** What the small image looked up and the original has. Entries of listed folders only when nothing else was missed. */
async function missedBy(
  subject: Subject,
  produced: Produced,
  traced: ObservedRun,
  { tools }: WatchOptions,
): Promise<RootPath[]> {
  if (traced.observation === undefined) return [];
  const image = await openImage(produced.descriptor.digest, { store: tools.store, ctx: tools.ctx });
  const { tree } = await treeOfImage(image, tools.store, tools.ctx.signal);
  const missed = missedPaths(traced.observation, tree, subject.tree);
  const asked = missed.filter((item) => item.how.some((how) => how !== 'list'));
  // Words of commands and query strings may hold secrets, and reasons travel with the image.
  const names = phaseNames(traced.probes);
  return (asked.length > 0 ? asked : missed).map((item) => {
    const by = item.by.map(showPath).join(', ');
    const how = item.how.includes('open') || item.how.includes('exec') ? 'opened' : 'looked-up';
    return repair(subject, item.path, how, `missed by ${by} during ${names.nameOf(item.phase)}, and put back`);
  });
}

/** What the original asks for and the small image lacks. */
function unseen(subject: Subject, produced: Produced, profile: Profile): RootPath[] {
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

/** For the result. */
export function repairsOf(knowledge: Knowledge): { readonly path: string; readonly because: string }[] {
  return knowledge.repairs.map(({ because, path }) => ({ path: textOfBytes(path), because }));
}
