import { isTareError, TareError } from '../base/error.ts';
import type { Warning } from '../base/events.ts';
import { profileOf } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { normalisePlatform, platformText } from '../oci/platform.ts';
import type { Image } from '../oci/types.ts';
import { rootfsOf, type Rootfs } from '../pack/roots.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Probe, Sandbox, TraceSpec } from '../sandbox/types.ts';
import { hostPlatform } from '../transports/image.ts';
import { listenForComplaints } from '../verify/compare-complaints.ts';
import { observeImage, type Drive, type ObservedRun } from '../verify/observe.ts';
import { patienceFor } from '../verify/patience.ts';
import { publicName } from '../verify/public-name.ts';
import { restrictionOf, type Security } from './security.ts';
import type { Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkTools } from './types.ts';

export interface WatchOptions {
  readonly sandbox: Sandbox;
  readonly options: ShrinkOptions;
  readonly tools: ShrinkTools;
  readonly trace: TraceSpec | undefined;
  /** What the small image may do; the original is free. */
  readonly security?: Security | undefined;
}

/** What drives the original: the user's probes, else a crawl of the ports that it exposes. */
export function driveOf(options: ShrinkOptions): Drive {
  const { exec = [], observeMs, probes = [], run } = options;
  return {
    probes,
    exec,
    crawl: probes.length === 0 && run === undefined,
    anyExit: true,
    ...(run === undefined ? {} : { run }),
    ...(observeMs === undefined ? {} : { observeMs }),
  };
}

/**
 * The same for the small image: what crawling found is asked, not sought again. A program that nobody asked anything gets the time to end that it
 * has in the original, or else has to stay up for as long.
 */
export function driveAgain(original: ObservedRun, options: ShrinkOptions): Drive {
  const { exec = [], observeMs, run } = options;
  return {
    probes: original.probes,
    exec,
    crawl: false,
    anyExit: true,
    watchMs: original.exit === undefined ? original.readyMs : Infinity,
    ...(run === undefined ? {} : { run }),
    ...(observeMs === undefined ? {} : { observeMs }),
  };
}

interface Watched {
  readonly image: Image;
  /** Its file system, when it is there already. */
  readonly root?: Rootfs;
  readonly drive: Drive;
  /** Of the original: a small image that takes much longer is not going to answer. */
  readonly than?: ObservedRun;
  readonly askAgain?: boolean;
  /** Held to what was observed. */
  readonly restricted?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Of what a container printed, in an error; in UTF-16 units. */
const MAX_SAID = 1000;
/** Nobody has asked for that port but the image itself, which exposes it. */
const CLOSED_HINT =
  'see with `tare run` what it needs to start, give it more time with --timeout 120, or say with --probe or --exec what it can answer';
const UNSEEN = 'tare shrink --static --no-verify';

/** A run, and what the container complained of in all that it printed. */
export interface WatchedRun extends ObservedRun {
  readonly complaints?: readonly string[];
}

/** Runs an image and drives it. @throws TareError when this machine cannot run it; E_CANCELLED */
export async function watch(
  { askAgain = false, drive, image, restricted = false, root, than }: Watched,
  { options, sandbox, security, tools, trace }: WatchOptions,
): Promise<WatchedRun> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const listener = listenForComplaints();
  const run = await observeImage({
    image,
    rootfs: async (which) => root ?? rootfsOf({ image: which, store: tools.store, ctx: tools.ctx }),
    sandbox,
    drive,
    ...(trace === undefined ? {} : { trace }),
    ...(restricted && security !== undefined ? { restrict: restrictionOf(security) } : {}),
    ...(than === undefined ? { timeoutMs } : patienceFor(than, timeoutMs)),
    askAgain,
    ctx: {
      ...tools.ctx,
      onEvent(event) {
        listener.onEvent(event);
        tools.ctx.onEvent(event);
      },
    },
  });
  return { ...run, complaints: listener.complaints() };
}

/**
 * Runs the original. It has to pass the user's own probes: nothing can be compared with what does not work.
 * @throws TareError E_ORIGINAL with the container's output; E_SANDBOX when it is made for another processor
 */
export async function watchOriginal(subject: Subject, root: Rootfs, watching: WatchOptions): Promise<WatchedRun> {
  const { ctx } = watching.tools;
  const { image } = subject;
  ctx.onEvent({ kind: 'step.started', step: 'observe', detail: `${image.reference}, ${watching.sandbox.description}` });
  const run = await watch({ image, root, drive: driveOf(watching.options), askAgain: true }, watching);
  const failed = [...run.outcomes, ...run.exec, ...(run.run === undefined ? [] : [run.run])].find((item) => !item.ok);
  if (failed !== undefined) throw originalFails(image, failed, run, watching.options);
  for (const warning of incompleteness(run)) ctx.onEvent({ kind: 'warning', warning });
  ctx.onEvent({ kind: 'step.done', step: 'observe', detail: observed(run) });
  return run;
}

/** Why a run of the original may not show all that the image does. */
export function incompleteness(run: ObservedRun | undefined): readonly Warning[] {
  if (run === undefined) return [];
  const warnings: Warning[] = [];
  const { cutMs, observation } = run;
  if (observation?.incomplete !== undefined) {
    const message = `not everything that the container asked for is known: ${observation.incomplete}`;
    warnings.push({ code: 'observation-incomplete', message });
  }
  if (cutMs !== undefined) {
    const message = `only the first ${Math.round(cutMs / 1000)} s of the program were seen, which had not ended: what it needs later is not known; \`--observe 60s\` watches it longer`;
    warnings.push({ code: 'observation-cut', message });
  }
  const code = endedWith(run);
  if (code !== undefined && code !== 0) {
    const message = `the original itself ends with exit code ${code}, and the small image has to do the same; if it wants arguments, run it with them: --exec "PROGRAM ARGUMENTS"`;
    warnings.push({ code: 'original-exit', message });
  }
  return warnings;
}

/** The exit code that was the only answer of an image. */
function endedWith({ exec, exit, outcomes, probes, run }: ObservedRun): number | undefined {
  const asked = probes.length + exec.length > 0 || run !== undefined;
  return asked || !outcomes.every((outcome) => outcome.ok) ? undefined : exit?.code;
}

function observed(run: ObservedRun): string {
  const paths = run.observation?.paths.length;
  return `${run.outcomes.length + run.exec.length} probes${paths === undefined ? '' : `, ${paths} paths asked for`}`;
}

function originalFails(image: Image, failed: ProbeOutcome, run: ObservedRun, options: ShrinkOptions): TareError {
  const { refused } = run;
  if (
    isTareError(refused, 'E_ENTRYPOINT') &&
    normalisePlatform(image.config).architecture !== hostPlatform().architecture
  )
    return new TareError(
      'E_SANDBOX',
      `${image.reference} is of ${platformText(image.config)} and cannot be run on this machine, which is of ${platformText(hostPlatform())}: ${refused.message}`,
      {
        hint: `shrink it by its files alone: \`${UNSEEN}\`; or by a profile from such a machine: --profile FILE; or let the kernel emulate it (binfmt_misc with qemu-user-static)`,
      },
    );
  const untold = (options.probes ?? []).length === 0 && failed.name.startsWith('tcp ');
  const said = run.output.trim().split('\n').slice(-5).join('\n').slice(-MAX_SAID);
  const detail = failed.detail ?? 'it fails';
  const quote = said === '' || detail.includes(said) ? '' : `; it printed: ${said}`;
  return new TareError(
    'E_ORIGINAL',
    `${image.reference} itself does not pass ${publicName(failed.name)}: ${detail}${quote}`,
    {
      hint: `${refused?.hint ?? (untold ? CLOSED_HINT : 'mend the probe or give the image what it needs')}; \`${UNSEEN}\` goes by the files alone`,
    },
  );
}

/** What a traced run says of an image's files. @throws TareError E_TRACER when it says nothing: not even the start of its program was seen */
export function profileOfRun(subject: Subject, run: ObservedRun): Profile | undefined {
  if (run.observation === undefined) return undefined;
  if (run.observation.paths.length === 0) {
    const why = run.observation.incomplete ?? 'no program of it was seen to start';
    throw new TareError('E_TRACER', `nothing is known of what ${subject.image.reference} asked for: ${why}`);
  }
  const probes: readonly Probe[] = run.probes;
  return profileOf({
    observation: run.observation,
    tree: subject.tree,
    platform: platformText(subject.platform),
    probes,
  });
}
