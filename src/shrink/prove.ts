import { textOfBytes } from '../base/path.ts';
import { openImage } from '../transports/index.ts';
import { newComplaints, type Heard } from '../verify/compare-complaints.ts';
import { compareFairly, type Compared } from '../verify/compare-runs.ts';
import type { ObservedRun } from '../verify/observe.ts';
import { publicName } from '../verify/public-name.ts';
import { missedBy, unseen } from './missed-by.ts';
import { produce, type Knowledge, type Produced } from './produce.ts';
import type { Subject } from './subject.ts';
import { driveAgain, driveOf, profileOfRun, watch, type WatchedRun, type WatchOptions } from './watch.ts';

/** How often an image is mended and tried again. */
const MAX_ROUNDS = 10;
/** Of what a container printed, in a warning; in UTF-16 units. */
const MAX_SAID = 300;

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
  readonly original: WatchedRun;
  readonly knowledge: Knowledge;
  readonly watching: WatchOptions;
}

/**
 * Packs, runs, compares; while something differs, puts back what the small image looked up in vain, and tries again, until it answers as the original
 * does or nothing new is learned. When its own questions tell nothing (Python does not look for a module that a folder does not list), the original
 * is watched once more, and what it asked for is put back.
 * An image that answers as it should, and complains of what the original does not complain of, may do less than it seems: it is mended once, too.
 * If that does not silence it, the result is an image that works, with a warning.
 */
export async function prove({ knowledge: first, original: firstRun, subject, watching }: ProveInput): Promise<Proof> {
  const { options, tools } = watching;
  let knowledge = first;
  let original: ObservedRun = firstRun;
  const heard: string[] = [...(firstRun.complaints ?? [])];
  let learnt = original.observation !== undefined;
  let working: Proof | undefined;
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
      async again() {
        const run = await watch({ image: subject.image, drive, askAgain: true }, { ...watching, trace: undefined });
        heard.push(...(run.complaints ?? []));
        return run;
      },
    });
    original = result.original;
    const { compared, ok } = result;
    const complaints = ok ? newComplaints(heardOf(firstRun, original, heard), small) : [];
    tools.ctx.onEvent({
      kind: 'step.done',
      step: 'verify',
      detail: ok
        ? `${compared.length} answers as the original's${complaints.length > 0 ? ', and a complaint that is not' : ''}`
        : publicName(compared.find((item) => item.difference)?.name ?? ''),
    });
    const proof = { produced: warned(produced, complaints), small, compared, ok, knowledge };
    if (working !== undefined) return ok ? proof : working;
    if (round >= MAX_ROUNDS || (ok && complaints.length === 0)) return proof;
    const traced = await watch({ image, drive, than: original }, { ...watching, trace: { syscalls: false } });
    // What was put back and is still not there (an `exclude` wins) will not come by trying again.
    const known = new Set(knowledge.repairs.map((item) => item.path));
    const missed = await missedBy({ subject, produced, traced, watching, ...(ok ? { complaints } : {}) });
    const found = missed.filter((item) => !known.has(item.path));
    if (ok) working = proof;
    if (found.length > 0) {
      knowledge = { ...knowledge, repairs: [...knowledge.repairs, ...found] };
      continue;
    }
    if (ok || learnt) return proof;
    learnt = true;
    const again = await watch(
      { image: subject.image, drive: driveOf(options) },
      { ...watching, trace: { syscalls: false } },
    );
    heard.push(...(again.complaints ?? []));
    const profile = profileOfRun(subject, again);
    const fresh = profile === undefined ? [] : unseen(subject, produced, profile);
    if (fresh.length === 0) return proof;
    knowledge = { ...knowledge, repairs: [...knowledge.repairs, ...fresh] };
  }
}

/** What the original printed, in all its runs. */
function heardOf({ complaints }: WatchedRun, { exec, outcomes, output }: ObservedRun, heard: readonly string[]): Heard {
  return { exec, outcomes, output, ...(complaints === undefined ? {} : { complaints: heard }) };
}

/** The warnings of a Plan reach the result. */
function warned(produced: Produced, [first]: readonly string[]): Produced {
  if (first === undefined) return produced;
  const { decision } = produced;
  const { plan } = decision;
  const said = first.length > MAX_SAID ? `${first.slice(0, MAX_SAID)}…` : first;
  const warning = {
    code: 'new-complaint',
    message: `the small image answers as the original does, and prints what the original does not: ${JSON.stringify(said)}; if something is missing, name it with --include`,
  };
  return { ...produced, decision: { ...decision, plan: { ...plan, warnings: [...plan.warnings, warning] } } };
}

/** For the result. */
export function repairsOf(knowledge: Knowledge): { readonly path: string; readonly because: string }[] {
  return knowledge.repairs.map(({ because, path }) => ({ path: textOfBytes(path), because }));
}
