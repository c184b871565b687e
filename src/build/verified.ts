import type { Digest } from '../base/digest.ts';
import type { Config } from '../config/config.ts';
import { rootfsOf } from '../pack/roots.ts';
import { findSandbox } from '../sandbox/index.ts';
import { openImage } from '../transports/index.ts';
import { verifyImage } from '../verify/verify.ts';
import type { BuildResult, BuildTools } from './types.ts';

export interface VerifyBuiltInput {
  readonly digest: Digest;
  readonly settings: Config;
  /** Undefined: when a sandbox is available. */
  readonly wanted: boolean | undefined;
  readonly tools: BuildTools;
}

/** Runs what was built, before it gets a name. Says why when it did not. */
export async function verifyBuilt(
  input: VerifyBuiltInput,
): Promise<Pick<BuildResult, 'verified' | 'unverified' | 'output' | 'missing'>> {
  const { settings, tools } = input;
  if (input.wanted === false) return { verified: null, unverified: 'verification was switched off' };
  const sandbox = tools.sandbox === undefined ? await findSandbox() : tools.sandbox;
  if (sandbox === null || 'unavailable' in sandbox) {
    const reason = sandbox === null ? 'no sandbox was offered' : `${sandbox.unavailable}; ${sandbox.cure}`;
    tools.ctx.onEvent({
      kind: 'warning',
      warning: { code: 'not-verified', message: `the image was not run: ${reason}` },
    });
    return { verified: null, unverified: reason };
  }
  const image = await openImage(input.digest, { store: tools.store, ctx: tools.ctx });
  tools.ctx.onEvent({ kind: 'step.started', step: 'verify', detail: sandbox.description });
  const result = await verifyImage({
    image,
    rootfs: (which) => rootfsOf({ image: which, store: tools.store, ctx: tools.ctx }),
    probes: settings.probes ?? [],
    sandbox,
    ...(settings.timeoutMs === undefined ? {} : { timeoutMs: settings.timeoutMs }),
    ctx: tools.ctx,
  });
  tools.ctx.onEvent({ kind: 'step.done', step: 'verify' });
  const { missing, ok, output, probes, startMs } = result;
  return { verified: { ok, probes, startMs }, ...(ok ? {} : { output, missing }) };
}
