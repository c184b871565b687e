import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import { structureDifference } from '../sandbox/probes/json-difference.ts';
import type { Exit, Probe, Sandbox } from '../sandbox/types.ts';
import { missingIn } from './missing.ts';
import type { Rootfs } from './run-image.ts';
import { exposedPorts } from './run-spec.ts';
import { tryImage } from './trial.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

export interface VerifyImageOptions {
  readonly image: Image;
  /** Run the same way, and its answers compared. */
  readonly original?: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  /** Empty: a TCP connection to every exposed port; without any, the program has to stay up for a second or to end with success. */
  readonly probes: readonly Probe[];
  readonly sandbox: Sandbox;
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
  const { ctx, image, original, probes, rootfs, sandbox } = options;
  const begin = performance.now();
  const common = { rootfs, sandbox, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS };
  // Both get the same questions, also where the original exposes other ports.
  const asked = probes.length > 0 ? probes : defaultProbes(image);
  const trial = await tryImage({ ...common, ctx, image, probes: asked });
  // The original's own output would only confuse: it is not what is being made.
  const quiet: Context = { ...ctx, onEvent: () => undefined };
  const reference =
    original === undefined ? undefined : await tryImage({ ...common, ctx: quiet, image: original, probes: asked });
  const results = trial.outcomes.map((outcome, index) => verified(outcome, reference?.outcomes[index]));
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
    startMs: trial.startMs,
    ...(reference === undefined ? {} : { originalStartMs: reference.startMs }),
    output: trial.output,
    missing: missingIn(trial.output),
    seconds: Math.round(performance.now() - begin) / 1000,
    ...(trial.exit === undefined ? {} : { exit: trial.exit }),
  };
}

const defaultProbes = (image: Image): readonly Probe[] => exposedPorts(image).map((port) => ({ tcp: { port } }));

function verified(outcome: ProbeOutcome, original: ProbeOutcome | undefined): VerifiedProbe {
  const { detail, ms, name, ok } = outcome;
  const result = { name, ok, ms, ...(detail === undefined ? {} : { detail }) };
  if (original === undefined) return result;
  const difference = differenceOf(outcome, original);
  return {
    ...result,
    original: { ok: original.ok, ms: original.ms },
    ...(difference === undefined ? {} : { difference }),
  };
}

/** Status, content type and the structure of a JSON body. */
function differenceOf(outcome: ProbeOutcome, original: ProbeOutcome): string | undefined {
  if (original.ok && !outcome.ok) return 'the original passes';
  const [here, there] = [outcome.answer, original.answer];
  if (here === undefined || there === undefined) return undefined;
  if (here.status !== there.status) return `status: the original answers ${there.status}, this ${here.status}`;
  if (here.contentType !== there.contentType)
    return `content type: the original answers ${there.contentType || 'none'}, this ${here.contentType || 'none'}`;
  return there.json === undefined ? undefined : structureDifference(there.json, here.json);
}
