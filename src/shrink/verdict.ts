import type { Warning } from '../base/events.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import { FIRST_BAD_STATUS } from '../sandbox/probes/status.ts';
import type { Compared } from '../verify/compare-runs.ts';
import type { ObservedRun } from '../verify/observe.ts';
import { publicName } from '../verify/public-name.ts';
import type { Proof } from './prove.ts';
import type { ShrinkOptions, ShrinkResult, ShrunkProbe } from './types.ts';

/** What was proved, or why nothing was. */
export function verdictOf(
  proof: Proof | undefined,
  original: ObservedRun | undefined,
  options: ShrinkOptions,
): Pick<ShrinkResult, 'unverified' | 'verified'> {
  if (proof === undefined) {
    const byProfile = (options.profiles ?? []).length > 0 && options.verify === undefined;
    const unverified = byProfile
      ? 'a profile decided, nothing was run: --verify does that too'
      : 'verification was switched off';
    return { verified: null, unverified };
  }
  return {
    verified: {
      ok: proof.ok,
      probes: proof.compared.map(probeOf),
      startMs: proof.small.startMs,
      ...(original === undefined ? {} : { originalStartMs: original.startMs }),
    },
  };
}

/** One question as the result tells of it. */
export function probeOf({ difference, name, original, small }: Compared): ShrunkProbe {
  return {
    name: publicName(name),
    ok: small.ok || difference === undefined,
    ms: small.ms,
    ...(small.answer?.kind === 'http' ? { status: small.answer.status } : {}),
    ...(small.answer?.kind === 'command' ? { exit: small.answer.exit } : {}),
    ...(small.detail === undefined || difference === undefined ? {} : { detail: small.detail }),
    original: { ok: original.ok, ms: original.ms },
    ...(difference === undefined ? {} : { difference: difference.text }),
  };
}

/** The code of the warning that nothing was proved but errors. */
export const ONLY_ERRORS = 'only-errors';
const MESSAGE =
  'the original answers every question with an error: what was proved is that the small one does too; ask for what it can answer with --probe';

/** A warning when HTTP was asked for, and nothing that the original said or did shows that it works. An open port shows little. */
export function nothingButErrors(compared: readonly Compared[]): readonly Warning[] {
  const originals = compared.map(({ original }) => original);
  const asked = originals.some(({ answer }) => answer?.kind === 'http');
  return asked && !originals.some(showsWork) ? [{ code: ONLY_ERRORS, message: MESSAGE }] : [];
}

function showsWork({ answer, name, ok }: ProbeOutcome): boolean {
  if (answer?.kind === 'http') return answer.status < FIRST_BAD_STATUS;
  if (answer?.kind === 'command') return answer.exit === 0;
  return ok && !name.startsWith('tcp ');
}
