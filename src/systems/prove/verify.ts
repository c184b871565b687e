import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { exitText } from '../../verify/ask.ts';
import type { CompareMode } from '../../verify/compare.ts';
import { compareFairly, type Compared } from '../../verify/compare-runs.ts';
import { publicName } from '../../verify/public-name.ts';
import type { VerifiedProbe } from '../../verify/verify.ts';
import { requireSandbox } from '../../verify/with-sandbox.ts';
import type { SystemDrive } from './drive.ts';
import { observeSystem, type SystemRun } from './observe.ts';
import { publicPorts, type SystemProbe } from './probes.ts';

export interface SystemVerdict {
  readonly ok: boolean;
  readonly probes: readonly VerifiedProbe[];
  /** Milliseconds until all services were ready. */
  readonly startMs: number;
  readonly originalStartMs?: number;
}

export interface VerifySystemOptions {
  readonly project: Project;
  readonly images: ReadonlyMap<string, Image>;
  /** The system that it is compared with. */
  readonly against?: { readonly project: Project; readonly images: ReadonlyMap<string, Image> };
  /** Empty: with an original its published ports are crawled; else these have to accept connections. */
  readonly probes: readonly SystemProbe[];
  readonly compare?: CompareMode;
  readonly timeoutMs?: number;
  readonly store: Store;
  readonly ctx: Context;
}

export interface SystemVerification extends SystemVerdict {
  readonly project: string;
  /** Why it did not come up. */
  readonly failed?: string;
  /** Service → the end of what it printed; of a system that failed. */
  readonly output: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/**
 * Runs a system by itself, asks every probe, and compares the answers with those of another. A failing probe is an answer, not an error.
 * @throws TareError E_ORIGINAL when the other does not even come up; what running images throws
 */
export async function verifySystem(options: VerifySystemOptions): Promise<SystemVerification> {
  const began = performance.now();
  const { against, compare = 'auto', ctx, probes, project, store, timeoutMs } = options;
  const sandbox = await requireSandbox();
  const observe = (
    which: { readonly project: Project; readonly images: ReadonlyMap<string, Image> },
    drive: SystemDrive,
    { askAgain = false, than }: { readonly askAgain?: boolean; readonly than?: SystemRun | undefined },
  ): Promise<SystemRun> => {
    ctx.onEvent({ kind: 'step.started', step: which === against ? 'original' : 'verify', detail: which.project.name });
    return observeSystem({ ...which, drive, timeoutMs, askAgain, than: than?.run, sandbox, store, ctx });
  };
  const crawl = probes.length === 0 && against !== undefined;
  const first = against === undefined ? undefined : await observe(against, { probes, crawl }, { askAgain: true });
  const asked = first?.probes ?? (probes.length > 0 ? probes : reachable(project));
  if (first?.failed !== undefined) throw originalFails(against?.project ?? project, first.failed);
  const small = await observe(options, { probes: asked, crawl: false }, { than: first });
  const compared =
    first === undefined || against === undefined
      ? undefined
      : await compareFairly({
          original: first.run,
          small: small.run,
          mode: compare,
          again: async () => (await observe(against, { probes: asked, crawl: false }, {})).run,
        });
  const verdict = verifiedProbes(small, first, compared?.compared);
  for (const { detail, difference, ms, name, ok } of verdict.probes) {
    const why = detail ?? difference;
    const isWell = ok && difference === undefined;
    ctx.onEvent({ kind: 'probe.done', name, ok: isWell, ms, ...(why === undefined ? {} : { detail: why }) });
  }
  return {
    project: project.name,
    ...verdict,
    ...(small.failed === undefined ? {} : { failed: small.failed.message }),
    output: verdict.ok ? {} : Object.fromEntries([...small.services].map(([service, { output }]) => [service, output])),
    seconds: Math.round(performance.now() - began) / 1000,
  };
}

/** There is nothing to compare with. */
function originalFails({ name }: Project, { hint, message }: TareError): TareError {
  return new TareError('E_ORIGINAL', `the original ${name} does not come up: ${message}`, {
    hint: `see with \`tare up\` what it needs; ${hint}`,
  });
}

const reachable = (project: Project): readonly SystemProbe[] =>
  publicPorts(project).flatMap(([service, ports]) => ports.map((port) => ({ service, probe: { tcp: { port } } })));

/** With nothing to compare it with, a service may be done, and may not fail. */
function failedEnds({ run: { ended = [] } }: SystemRun): readonly VerifiedProbe[] {
  const failed = ended.filter(({ exit }) => exit.code !== 0);
  return [...new Map(failed.map((end) => [end.service, end])).values()].map(({ exit, service }) => ({
    name: `${service}: exit`,
    ok: false,
    ms: 0,
    detail: `it does not stay up: it ended with ${exitText(exit)}`,
  }));
}

function unlikeEnd({ difference, name, original, small }: Compared): VerifiedProbe {
  return {
    name,
    ok: small.ok,
    ms: 0,
    original: { ok: original.ok, ms: 0 },
    ...(difference === undefined ? {} : { difference: difference.text }),
  };
}

/** Each question, what came of it, and what it was to be; then the services that did not stay up, and should have. */
export function verifiedProbes(
  small: SystemRun,
  original: SystemRun | undefined,
  compared: readonly Compared[] | undefined,
): SystemVerdict {
  const outcomes = [...small.run.outcomes, ...(small.run.run === undefined ? [] : [small.run.run])];
  const probes = outcomes.map((outcome, index): VerifiedProbe => {
    const reference = compared?.[index];
    const { detail, ms, ok } = outcome;
    return {
      name: publicName(outcome.name),
      ok,
      ms,
      ...(detail === undefined ? {} : { detail }),
      ...(reference === undefined ? {} : { original: { ok: reference.original.ok, ms: reference.original.ms } }),
      ...(reference?.difference === undefined ? {} : { difference: reference.difference.text }),
    };
  });
  const ends = compared === undefined ? failedEnds(small) : compared.slice(outcomes.length).map(unlikeEnd);
  const all = [...probes, ...ends];
  return {
    ok: small.failed === undefined && all.every(({ difference, ok }) => ok && difference === undefined),
    probes: all,
    startMs: small.run.startMs,
    ...(original === undefined ? {} : { originalStartMs: original.run.startMs }),
  };
}
