import { TareError } from '../base/error.ts';
import { mergeProfiles } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { rootfsOf, type Rootfs } from '../pack/roots.ts';
import { findSandbox } from '../sandbox/index.ts';
import type { Sandbox } from '../sandbox/types.ts';
import type { ObservedRun } from '../verify/observe.ts';
import { evidenceFor } from './decide.ts';
import type { Knowledge } from './produce.ts';
import type { Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkTools } from './types.ts';
import { profileOfRun, watchOriginal } from './watch.ts';

/** What is run: the original to be watched, the small image to be compared with it. */
export interface Intent {
  readonly observe: boolean;
  readonly verify: boolean;
}

/**
 * A profile stands for the run: with one nothing is run, unless it is asked for.
 * @throws TareError E_USAGE when such a run cannot give what is asked for
 */
export function intentOf(options: ShrinkOptions): Intent {
  const { observe: watchIt, profiles = [], restrict, verify } = options;
  const intent = { observe: watchIt ?? profiles.length === 0, verify: verify ?? profiles.length === 0 };
  if (restrict === true && !intent.verify) {
    throw new TareError('E_USAGE', '--restrict limits the run that verifies the image, and nothing is verified', {
      hint:
        verify === undefined
          ? 'add --verify: with --profile nothing is run unless it is asked for'
          : 'leave out --no-verify, or --restrict',
    });
  }
  if (!intent.observe) refuseUnrecorded(options, merged(profiles));
  return intent;
}

/** @throws TareError E_USAGE when system calls are wanted and nobody recorded them */
export function refuseUnrecorded(options: ShrinkOptions, profile: Profile | undefined): void {
  if (!wantsSyscalls(options) || profile?.syscalls !== undefined) return;
  const flag = options.restrict === true ? '--restrict' : '--seccomp-out';
  const byProfile = (options.profiles ?? []).length > 0;
  const why = byProfile ? 'the profile holds none' : 'nothing is watched with --static';
  throw new TareError('E_USAGE', `${flag} needs the system calls of a run that was watched, and ${why}`, {
    hint: byProfile
      ? 'record the profile with `tare observe --syscalls`, or leave --profile out'
      : `leave out --static, or ${flag}`,
  });
}

const wantsSyscalls = ({ restrict, syscalls }: ShrinkOptions): boolean => syscalls === true || restrict === true;

export interface Work {
  readonly options: ShrinkOptions;
  readonly tools: ShrinkTools;
}

/** What is known of an image when the decision is made. */
export interface Known {
  readonly knowledge: Knowledge;
  readonly original?: ObservedRun;
  /** What this run observed, without earlier profiles. */
  readonly observed?: Profile;
}

/** Runs the original when that is wanted. @throws TareError E_PROFILE on a profile of nothing; what `watchOriginal` throws */
export async function know(subject: Subject, intent: Intent, sandbox: Sandbox | undefined, work: Work): Promise<Known> {
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

/** What verification put back was needed too: who shrinks by the profile alone must not miss it again. */
export function withRepairs(profile: Profile, { repairs }: Knowledge): Profile {
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

/** @throws TareError E_TOOL_MISSING when nothing can be run here */
export async function sandboxFor(options: ShrinkOptions, tools: ShrinkTools): Promise<Sandbox> {
  const sandbox = tools.sandbox === undefined ? await findSandbox() : tools.sandbox;
  if (sandbox !== null && !('unavailable' in sandbox)) return sandbox;
  const why = sandbox === null ? 'no sandbox was offered' : sandbox.unavailable;
  const cure = sandbox === null ? 'offer one' : sandbox.cure;
  throw new TareError('E_TOOL_MISSING', `${options.image} cannot be run here: ${why}`, {
    hint: `${cure}; or shrink it unseen: \`tare shrink --static --no-verify\`, or by a profile: --profile FILE`,
  });
}
