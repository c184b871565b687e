import { sha256 } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { encodeProfile, mergeProfiles } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { parseCompression } from '../pack/index.ts';
import { rootfsOf, type Rootfs } from '../pack/roots.ts';
import { findSandbox } from '../sandbox/index.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { identityOf, openImage, writeImage } from '../transports/index.ts';
import { showAnswer } from '../verify/compare.ts';
import type { ObservedRun } from '../verify/observe.ts';
import { evidenceFor } from './decide.ts';
import { layering, outline } from './layers.ts';
import { partialPackages } from './partial.ts';
import { decideOn, DEFAULT_COMPRESSION, produce, type Knowledge, type Produced } from './produce.ts';
import { prove, repairsOf, type Proof } from './prove.ts';
import { securityOf } from './security.ts';
import { openSubject, type Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkPlan, ShrinkResult, Shrunk, ShrinkTools } from './types.ts';
import { incompleteness, profileOfRun, watchOriginal, type WatchOptions } from './watch.ts';

/**
 * An image → the same image without what it never needs, in the store (and at `output`).
 * Steps: index, observe the original, evidence, Plan, layers, verification against the original and repair, name.
 * @throws TareError on bad input or a missing tool; E_ORIGINAL when the original itself fails; E_UNLIKE when the small image cannot be made to answer as
 * the original does: nothing is named then
 */
export async function shrink(options: ShrinkOptions, tools: ShrinkTools): Promise<Shrunk> {
  const began = performance.now();
  const lease = await tools.store.lease();
  try {
    for (const target of options.output ?? []) await identityOf(target);
    parseCompression(options.compression ?? DEFAULT_COMPRESSION);
    const intent = intentOf(options);
    const sandbox = intent.observe || intent.verify ? await sandboxFor(options, tools) : undefined;
    const subject = await openSubject(options, tools);
    const made = await make(subject, intent, sandbox, { options, tools });
    await tools.store.tag(subject.name, made.produced.descriptor, made.produced.evidence);
    for (const warning of made.produced.decision.plan.warnings) tools.ctx.onEvent({ kind: 'warning', warning });
    const outputs = await writeOutputs(subject.name, options.output ?? [], tools);
    const seconds = (performance.now() - began) / 1000;
    const result = { ...(await resultOf(subject, made, options)), outputs, seconds };
    const security = securityOf(made.knowledge.profile, subject.image);
    return {
      result,
      ...(made.observed === undefined ? {} : { observed: withRepairs(made.observed, made.knowledge) }),
      ...(security === undefined ? {} : { seccomp: security.seccomp }),
    };
  } finally {
    await lease.release();
  }
}

/** What verification put back was needed too: who shrinks by the profile alone must not miss it again. */
function withRepairs(profile: Profile, { repairs }: Knowledge): Profile {
  const known = new Set(profile.paths.map((row) => row.path));
  const fresh = new Map(repairs.filter(({ path }) => !known.has(path)).map((item) => [item.path, item]));
  const rows = [...fresh.values()].map(({ kind, path }) => ({
    path,
    how: [kind === 'opened' ? ('open' as const) : ('stat' as const)],
    by: [],
    phases: ['repair'],
  }));
  return rows.length === 0 ? profile : mergeProfiles({ ...profile, paths: [...profile.paths, ...rows] });
}

/** The Plan alone, by what is known without running anything but, if wanted, the original. Nothing is written. */
export async function planShrink(options: ShrinkOptions, tools: ShrinkTools): Promise<ShrinkPlan> {
  const intent = { ...intentOf(options), verify: false };
  const sandbox = intent.observe ? await sandboxFor(options, tools) : undefined;
  const subject = await openSubject(options, tools);
  const known = await know(subject, intent, sandbox, { options, tools });
  const { plan } = await decideOn(subject, options, known.knowledge, tools);
  const originalLayers = subject.image.manifest.layers.length;
  return {
    dryRun: true,
    name: subject.name,
    entrypoint: subject.started[0]?.context.argv ?? [],
    tightness: subject.tightness,
    plan,
    layerings: (['regroup', 'keep'] as const).map((mode) => ({
      mode,
      layers: outline(layering({ mode, plan, tree: subject.tree, originalLayers })),
    })),
  };
}

/** The profile of a driven run, and nothing else. @throws as shrink */
export async function observe(options: ShrinkOptions, tools: ShrinkTools): Promise<Profile> {
  const sandbox = await sandboxFor(options, tools);
  const subject = await openSubject(options, tools);
  const trace = { syscalls: options.syscalls === true };
  const root = await rootfsOf({ image: subject.image, imageTree: subject, ...tools });
  const run = await watchOriginal(subject, root, { sandbox, options, tools, trace });
  const profile = profileOfRun(subject, run);
  if (profile === undefined) throw new Error('a traced run has an observation');
  return profile;
}

interface Intent {
  readonly observe: boolean;
  readonly verify: boolean;
}

/** A profile stands for the run: with one nothing is run, unless it is asked for. */
function intentOf({ observe: watchIt, profiles = [], verify }: ShrinkOptions): Intent {
  return { observe: watchIt ?? profiles.length === 0, verify: verify ?? profiles.length === 0 };
}

interface Work {
  readonly options: ShrinkOptions;
  readonly tools: ShrinkTools;
}

interface Known {
  readonly knowledge: Knowledge;
  readonly original?: ObservedRun;
  /** What this run observed, without earlier profiles. */
  readonly observed?: Profile;
}

interface Made extends Known {
  readonly produced: Produced;
  readonly proof?: Proof;
}

async function know(subject: Subject, intent: Intent, sandbox: Sandbox | undefined, work: Work): Promise<Known> {
  const { options } = work;
  const given = options.profiles ?? [];
  if (given.some((profile) => profile.paths.length === 0))
    throw new TareError('E_PROFILE', 'a profile without any path: no program had started when it was recorded');
  if (sandbox === undefined) return { knowledge: { profile: merged(given), repairs: [] } };
  const trace = intent.observe ? { syscalls: wantsSyscalls(options) } : undefined;
  const root = await unpackAndLearn(subject, merged(given), work);
  const original = await watchOriginal(subject, root, { ...work, sandbox, trace });
  const observed = profileOfRun(subject, original);
  return {
    original,
    ...(observed === undefined ? {} : { observed }),
    knowledge: { profile: merged([...given, ...(observed === undefined ? [] : [observed])]), repairs: [] },
  };
}

const wantsSyscalls = ({ restrict, syscalls }: ShrinkOptions): boolean => syscalls === true || restrict === true;

/**
 * The original's file system. While threads write it, this one judges what can be judged by the files alone: parsing them is most of the work of
 * finding evidence, and is remembered. Not while the container runs, whose start is measured.
 */
function unpackAndLearn(subject: Subject, profile: Profile | undefined, { options, tools }: Work): Promise<Rootfs> {
  const learn = async (): Promise<void> => {
    await evidenceFor({ ...subject, profile, repairs: [], options, ctx: tools.ctx });
  };
  const { image, tightness } = subject;
  return rootfsOf({ image, imageTree: subject, ...(tightness === 'used' ? {} : { meanwhile: learn }), ...tools });
}

const merged = ([first, ...rest]: readonly Profile[]): Profile | undefined =>
  first === undefined ? undefined : mergeProfiles(first, ...rest);

async function make(subject: Subject, intent: Intent, sandbox: Sandbox | undefined, work: Work): Promise<Made> {
  const known = await know(subject, intent, sandbox, work);
  const { knowledge, original } = known;
  const security = securityOf(knowledge.profile, subject.image);
  if (security === undefined && wantsSyscalls(work.options)) {
    throw new TareError('E_USAGE', 'system calls are asked for, and none were recorded', {
      hint: 'let the image be watched (no --static), or record the profile with `tare observe --syscalls`',
    });
  }
  if (!intent.verify || original === undefined || sandbox === undefined)
    return { ...known, produced: await produce(subject, work.options, knowledge, work.tools) };
  const watching: WatchOptions = {
    ...work,
    sandbox,
    security: work.options.restrict === true ? security : undefined,
    trace: undefined,
  };
  const proof = await prove({ subject, original, knowledge, watching });
  if (!proof.ok) throw unlike(subject, proof);
  return { ...known, knowledge: proof.knowledge, produced: proof.produced, proof };
}

function unlike(subject: Subject, { compared, knowledge, small }: Proof): TareError {
  const failed = compared.find((item) => item.difference !== undefined);
  const answers =
    failed?.original.answer === undefined
      ? ''
      : `; original: ${showAnswer(failed.original.answer)}; small: ${failed.small.answer === undefined ? (failed.small.detail ?? 'no answer') : showAnswer(failed.small.answer)}`;
  const said = small.output.trim().split('\n').slice(-8).join('\n');
  const [repaired] = repairsOf(knowledge);
  const tried =
    repaired === undefined
      ? ''
      : `; ${knowledge.repairs.length} paths were put back in vain, the first of them ${JSON.stringify(repaired.path)}`;
  return new TareError(
    'E_UNLIKE',
    `the small ${subject.image.reference} does not answer ${failed?.name ?? 'a probe'} as the original does: ${failed?.difference?.text ?? ''}${answers}${tried}${said === '' ? '' : `; it printed: ${said}`}`,
    {
      hint: 'name what is missing with --include, keep whole packages with --tightness packages, or compare less with --compare status',
    },
  );
}

async function sandboxFor(options: ShrinkOptions, tools: ShrinkTools): Promise<Sandbox> {
  const sandbox = tools.sandbox === undefined ? await findSandbox() : tools.sandbox;
  if (sandbox !== null && !('unavailable' in sandbox)) return sandbox;
  const why = sandbox === null ? 'no sandbox was offered' : sandbox.unavailable;
  const cure = sandbox === null ? 'offer one' : sandbox.cure;
  throw new TareError('E_TOOL_MISSING', `${options.image} cannot be run here: ${why}`, {
    hint: `${cure}; or shrink it unseen: \`tare shrink --static --no-verify\`, or by a profile: --profile FILE`,
  });
}

async function writeOutputs(name: string, targets: readonly string[], tools: ShrinkTools): Promise<string[]> {
  const written: string[] = [];
  for (const target of targets) {
    const image = await openImage(name, { store: tools.store, ctx: tools.ctx });
    written.push((await writeImage(image, target, { store: tools.store, ctx: tools.ctx })).reference);
  }
  return written;
}

async function resultOf(
  subject: Subject,
  made: Made,
  options: ShrinkOptions,
): Promise<Omit<ShrinkResult, 'outputs' | 'seconds'>> {
  const { files, image, name, platform, size, tightness } = subject;
  const { decision, layers } = made.produced;
  const own = { disk: sum(layers, 'disk'), wire: sum(layers, 'wire') };
  const { profile } = made.knowledge;
  return {
    reference: name,
    digest: made.produced.descriptor.digest,
    platform,
    size: own,
    original: { reference: image.reference, digest: image.descriptor.digest, size, files },
    files: made.produced.files,
    dropped: {
      files: decision.plan.drop.length,
      disk: decision.plan.drop.reduce((total, item) => total + item.size, 0),
    },
    tightness,
    layers: layers.map(({ packed: _packed, ...layer }) => layer),
    ...verdictOf(made, options),
    profile: profile === undefined ? null : { digest: sha256(encodeProfile(profile)), paths: profile.paths.length },
    security: securityShown(profile, image),
    repaired: repairsOf(made.knowledge),
    partial: partialPackages(decision.plan, subject.tree, await subject.packages.all()),
    overBudget: overBudget(options.budget, own),
    warnings: [...incompleteness(made.original), ...decision.plan.warnings],
  };
}

function securityShown(profile: Profile | undefined, image: Subject['image']): ShrinkResult['security'] {
  const security = securityOf(profile, image);
  return security === undefined ? null : { syscalls: security.syscalls.length, capabilities: security.capabilities };
}

function verdictOf({ original, proof }: Made, options: ShrinkOptions): Pick<ShrinkResult, 'unverified' | 'verified'> {
  if (proof === undefined) {
    const byProfile = (options.profiles ?? []).length > 0 && options.verify === undefined;
    const unverified = byProfile
      ? 'a profile decided, nothing was run: `tare verify` does'
      : 'verification was switched off';
    return { verified: null, unverified };
  }
  return {
    verified: {
      ok: proof.ok,
      probes: proof.compared.map(({ difference, name, original: there, small }) => ({
        name,
        ok: small.ok || difference === undefined,
        ms: small.ms,
        ...(small.detail === undefined || difference === undefined ? {} : { detail: small.detail }),
        original: { ok: there.ok, ms: there.ms },
        ...(difference === undefined ? {} : { difference: difference.text }),
      })),
      startMs: proof.small.startMs,
      ...(original === undefined ? {} : { originalStartMs: original.startMs }),
    },
  };
}

function sum<K extends string>(items: readonly Readonly<Record<K, number>>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}

/** One line for each exceeded limit; empty when the image keeps to its budget. */
function overBudget(budget: ShrinkOptions['budget'], size: ShrinkResult['size']): string[] {
  return (['disk', 'wire'] as const).flatMap((kind) => {
    const limit = budget?.[kind];
    if (limit === undefined || size[kind] <= limit) return [];
    return [`${kind}: ${size[kind]} bytes are ${size[kind] - limit} more than the ${limit} that tare.yaml allows`];
  });
}
