import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Exit, Probe, Sandbox } from '../sandbox/types.ts';
import { missingIn } from './missing.ts';
import { publicName } from './public-name.ts';
import type { Rootfs } from './run-image.ts';
import { exposedPorts } from './run-spec.ts';
import type { CompareMode } from './compare.ts';
import { compareFairly, type Compared, type ComparedRuns } from './compare-runs.ts';
import { observeImage, type ObservedRun } from './observe.ts';
import { patienceFor } from './patience.ts';
import { listeningPorts } from './ports.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** Without anything to ask: how long a program has to stay up, in milliseconds. */
const STAYS_UP_MS = 1000;

export interface VerifyImageOptions {
  readonly image: Image;
  /** Run the same way, and its answers compared. */
  readonly original?: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  /**
   * Empty: the ports that the original exposes are crawled, and what it answers is asked of the image. Without an original, or when it exposes none: a
   * TCP connection to every exposed port; without any, the program has to stay up for a second, or to end with success or else as the original does.
   */
  readonly probes: readonly Probe[];
  readonly sandbox: Sandbox;
  /** How the answers are compared with the original's. Default: auto. */
  readonly compare?: CompareMode;
  /** For all probes together, in milliseconds. Default 30000. */
  readonly timeoutMs?: number;
  readonly ctx: Context;
}

export interface VerifiedProbe {
  readonly name: string;
  readonly ok: boolean;
  /** Of the last attempt. */
  readonly ms: number;
  /** Why it failed. */
  readonly detail?: string;
  readonly original?: { readonly ok: boolean; readonly ms: number };
  /** In what the answer is unlike the original's. */
  readonly difference?: string;
}

export interface VerifyResult {
  /** Every probe passes, and none answers unlike the original. */
  readonly ok: boolean;
  /** In the order of the request. */
  readonly probes: readonly VerifiedProbe[];
  /** From the start until the first HTTP, TCP or log probe passes; without those until the program runs. Milliseconds. */
  readonly startMs: number;
  readonly originalStartMs?: number;
  /** The end of what the container has printed. */
  readonly output: string;
  /** Files, libraries and modules that the output complains about, as it names them. */
  readonly missing: readonly string[];
  readonly seconds: number;
  /** When the program ended by itself. */
  readonly exit?: Exit;
}

/**
 * Starts an image in a network of its own, probes it, and compares it with its original. A failing probe is an answer, not an error.
 * @throws TareError when this machine cannot run it (E_SANDBOX, …) or the context is cancelled (E_CANCELLED)
 */
export async function verifyImage(options: VerifyImageOptions): Promise<VerifyResult> {
  const { ctx, image, original, probes } = options;
  const begin = performance.now();
  const crawled = probes.length === 0 && original !== undefined ? await crawl(options, original) : undefined;
  // Both get the same questions, also where the original exposes other ports.
  const asked = crawled?.probes ?? (probes.length > 0 ? probes : defaultProbes(image));
  const run = await runWith(options, image, asked, { ctx, than: crawled });
  const compared = original === undefined ? undefined : await compareWith(options, original, asked, run, crawled);
  const results = run.outcomes.map((outcome, index) => verified(outcome, compared?.compared[index]));
  for (const { detail, difference, ms, name, ok } of results) {
    const why = detail ?? difference;
    ctx.onEvent({
      kind: 'probe.done',
      name,
      ok: ok && difference === undefined,
      ms,
      ...(why === undefined ? {} : { detail: why }),
    });
  }
  return {
    ok: results.every(({ difference, ok }) => ok && difference === undefined),
    probes: results,
    startMs: run.startMs,
    ...(compared === undefined ? {} : { originalStartMs: compared.original.startMs }),
    output: run.output,
    missing: missingIn(run.output),
    seconds: Math.round(performance.now() - begin) / 1000,
    ...(run.exit === undefined ? {} : { exit: run.exit }),
  };
}

const defaultProbes = (image: Image): readonly Probe[] => exposedPorts(image).map((port) => ({ tcp: { port } }));

interface RunWith {
  readonly ctx: Context;
  readonly crawl?: boolean;
  readonly askAgain?: boolean;
  /** Of the original: an image that takes much longer is not going to answer. */
  readonly than?: ObservedRun | undefined;
}

function runWith(
  options: VerifyImageOptions,
  image: Image,
  probes: readonly Probe[],
  { askAgain = false, crawl: crawls = false, ctx, than }: RunWith,
): Promise<ObservedRun> {
  const { rootfs, sandbox, timeoutMs } = options;
  const drive = { probes, crawl: crawls, exec: [], watchMs: STAYS_UP_MS, anyExit: options.original !== undefined };
  const times = than === undefined ? { timeoutMs } : patienceFor(than, timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return observeImage({ image, rootfs, sandbox, drive, ...times, askAgain, ctx });
}

/** What the original has to say without being told what to ask it; undefined when it exposes no port that could be asked. */
async function crawl(options: VerifyImageOptions, original: Image): Promise<ObservedRun | undefined> {
  if (listeningPorts(original).length === 0) return undefined;
  return runWith(options, original, [], { ctx: quiet(options.ctx), crawl: true, askAgain: true });
}

/** The original's own output would only confuse: it is not what is being made. Warnings are for the user all the same. */
const quiet = (ctx: Context): Context => ({
  ...ctx,
  onEvent: (event) => {
    if (event.kind === 'warning') ctx.onEvent(event);
  },
});

/** The original is asked the same, and runs a second time when it may differ from itself. */
async function compareWith(
  options: VerifyImageOptions,
  original: Image,
  probes: readonly Probe[],
  small: ObservedRun,
  crawled: ObservedRun | undefined,
): Promise<ComparedRuns & { readonly original: ObservedRun }> {
  const ctx = quiet(options.ctx);
  return compareFairly({
    original: crawled ?? (await runWith(options, original, probes, { ctx, askAgain: true })),
    small,
    mode: options.compare ?? 'auto',
    again: () => runWith(options, original, probes, { ctx }),
  });
}

function verified(outcome: ProbeOutcome, reference: Compared | undefined): VerifiedProbe {
  const { detail, ms, ok } = outcome;
  const result = { name: publicName(outcome.name), ok, ms, ...(detail === undefined ? {} : { detail }) };
  if (reference === undefined) return result;
  const { difference, original } = reference;
  return {
    ...result,
    original: { ok: original.ok, ms: original.ms },
    ...(difference === undefined ? {} : { difference: difference.text }),
  };
}
