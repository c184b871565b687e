import { TareError } from '../../base/error.ts';
import type { RootPath } from '../../evidence/collect.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import { missedBy } from '../../shrink/missed-by.ts';
import type { Knowledge } from '../../shrink/produce.ts';
import type { ShrinkTools } from '../../shrink/types.ts';
import { showAnswer, type CompareMode } from '../../verify/compare.ts';
import { newComplaints } from '../../verify/compare-complaints.ts';
import { compareFairly, type Compared } from '../../verify/compare-runs.ts';
import type { ObservedRun } from '../../verify/observe.ts';
import type { SystemDrive } from '../prove/drive.ts';
import { observeSystem, type SystemRun } from '../prove/observe.ts';
import { produceAll, type ProducedService } from './produce.ts';
import type { ServiceSubject } from './subjects.ts';

/** How often the images are mended and tried again. */
const MAX_ROUNDS = 10;

export interface ProveSystemInput {
  readonly project: Project;
  readonly images: ReadonlyMap<string, Image>;
  readonly subjects: readonly ServiceSubject[];
  readonly knowledge: ReadonlyMap<string, Knowledge>;
  readonly original: SystemRun;
  /** What drove it on this machine. */
  readonly run: readonly string[] | undefined;
  readonly compare: CompareMode;
  readonly timeoutMs?: number | undefined;
  readonly sandbox: Sandbox;
  readonly tools: ShrinkTools;
}

export interface SystemProof {
  readonly made: readonly ProducedService[];
  readonly small: SystemRun;
  readonly compared: readonly Compared[];
  readonly knowledge: ReadonlyMap<string, Knowledge>;
}

/**
 * Packs all services, runs them together, and compares; while something differs, what any of them looked up in vain is put back, and all is tried again,
 * until the system answers as the original one does, or nothing new is learned.
 * @throws TareError E_UNLIKE
 */
export async function proveSystem(input: ProveSystemInput): Promise<SystemProof> {
  const { images, original, project, sandbox, subjects, timeoutMs, tools } = input;
  const { ctx, store } = tools;
  const drive: SystemDrive = {
    probes: original.probes,
    crawl: false,
    run: input.run,
  };
  let knowledge = input.knowledge;
  let known = original.run;
  let working: SystemProof | undefined;
  const observe = (which: ReadonlyMap<string, Image>, traced: boolean): Promise<SystemRun> =>
    observeSystem({
      project,
      images: which,
      drive,
      timeoutMs,
      than: original.run,
      sandbox,
      store,
      ctx,
      ...(traced ? { trace: { syscalls: false } } : {}),
    });
  for (let round = 1; ; round += 1) {
    const made = await produceAll(subjects, knowledge, tools);
    const smaller = new Map([...images, ...made.map(({ image, service }) => [service, image] as const)]);
    ctx.onEvent({ kind: 'step.started', step: 'verify', detail: round === 1 ? 'the small system' : `round ${round}` });
    const small = await observe(smaller, false);
    const result = await compareFairly({
      original: known,
      small: small.run,
      mode: input.compare,
      again: async () => (await observe(images, false)).run,
    });
    known = result.original;
    const { compared, ok } = result;
    const complaints = complaintsOf(original, small);
    ctx.onEvent({ kind: 'step.done', step: 'verify', detail: detailOf(compared, ok) });
    const proof = { made, small, compared, knowledge };
    if (ok && (complaints.size === 0 || working !== undefined)) return proof;
    if (working !== undefined) return working;
    const traced = round < MAX_ROUNDS ? await observe(smaller, true) : undefined;
    const next = traced === undefined ? undefined : await learn({ ...input, knowledge, made, traced, ok, complaints });
    if (ok) {
      if (next === undefined) return proof;
      working = proof;
    }
    if (next === undefined) throw unlike(project, proof);
    knowledge = next;
  }
}

function detailOf(compared: readonly Compared[], ok: boolean): string {
  if (ok) return `${compared.length} answers as the original's`;
  return compared.find(({ difference }) => difference !== undefined)?.name ?? '';
}

/** Service → what it complains of, and did not in the original. */
function complaintsOf(original: SystemRun, small: SystemRun): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [service, { complaints, output }] of small.services) {
    const before = original.services.get(service);
    const nothing = { exec: [], outcomes: [] };
    const fresh = newComplaints(
      { ...nothing, output: before?.output ?? '', complaints: before?.complaints ?? [] },
      { ...nothing, output, complaints },
    );
    if (fresh.length > 0) found.set(service, fresh);
  }
  return found;
}

interface Lesson extends ProveSystemInput {
  readonly made: readonly ProducedService[];
  readonly traced: SystemRun;
  readonly ok: boolean;
  readonly complaints: ReadonlyMap<string, readonly string[]>;
}

/**
 * What was missed besides, put back; undefined: nothing new. First what was asked for by name; when that is nothing, of folders that were listed what a
 * complaint names; of a system that fails without a word all of it.
 */
async function learn(lesson: Lesson): Promise<ReadonlyMap<string, Knowledge> | undefined> {
  const { complaints, ok } = lesson;
  const named = (name: string): readonly string[] | undefined => complaints.get(name);
  const ways = ok ? [named] : [() => [], named, () => undefined];
  for (const complaintsOf of ways) {
    const next = await learnBy(lesson, complaintsOf);
    if (next !== undefined) return next;
  }
  return undefined;
}

async function learnBy(
  lesson: Lesson,
  wanted: (service: string) => readonly string[] | undefined,
): Promise<ReadonlyMap<string, Knowledge> | undefined> {
  const { knowledge, made, ok, sandbox, subjects, tools, traced } = lesson;
  const next = new Map(knowledge);
  let isNew = false;
  for (const { options, service, subject } of subjects) {
    const { name } = service;
    const produced = made.find((item) => item.service === name)?.produced;
    const seen = traced.services.get(name);
    const own = wanted(name);
    if (produced === undefined || seen === undefined || (ok && own === undefined)) continue;
    const missed: RootPath[] = [];
    for (const observation of seen.observations) {
      const run: ObservedRun = { ...traced.run, observation, output: seen.output };
      const found = await missedBy({
        subject,
        produced,
        traced: run,
        watching: { sandbox, options, tools, trace: undefined },
        ...(own === undefined ? {} : { complaints: own }),
      });
      missed.push(...found.filter(({ path }) => !missed.some((item) => item.path === path)));
    }
    const before = next.get(name) ?? { profile: undefined, repairs: [] };
    const there = new Set(before.repairs.map((item) => item.path));
    const fresh = missed.filter((item) => !there.has(item.path));
    if (fresh.length === 0) continue;
    isNew = true;
    next.set(name, { ...before, repairs: [...before.repairs, ...fresh] });
  }
  return isNew ? next : undefined;
}

function unlike(project: Project, { compared, knowledge, small }: SystemProof): TareError {
  const failed = compared.find(({ difference }) => difference !== undefined);
  const { original, small: here } = failed ?? {};
  const answers =
    original?.answer === undefined
      ? ''
      : `; original: ${showAnswer(original.answer)}; small: ${here?.answer === undefined ? (here?.detail ?? 'no answer') : showAnswer(here.answer)}`;
  const put = [...knowledge.values()].reduce((sum, { repairs }) => sum + repairs.length, 0);
  const tried = put === 0 ? '' : `; ${put} paths were put back in vain`;
  const up = small.failed === undefined ? '' : `; ${small.failed.message}`;
  return new TareError(
    'E_UNLIKE',
    `the small ${project.name} does not answer ${failed?.name ?? 'its probes'} as the original does: ${failed?.difference?.text ?? ''}${answers}${tried}${up}`,
    {
      hint: 'name what a service lacks in its x-tare.include, keep whole packages with `x-tare: {tightness: packages}`, leave a service as it is with `x-tare: {shrink: false}`, or compare less with --compare status',
    },
  );
}
