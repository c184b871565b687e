import { writeWithDocuments } from '../attest/attach.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../pack/compression.ts';
import { rootfsOf } from '../pack/roots.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { identityOf } from '../transports/index.ts';
import { intentOf, know, refuseUnrecorded, sandboxFor, withRepairs, type Intent, type Work } from './knowledge.ts';
import { layering, outline } from './layers.ts';
import { decideOn, produce } from './produce.ts';
import { shrinkFacts } from './provenance.ts';
import { prove } from './prove.ts';
import { replacedBy } from './replaced.ts';
import { resultOf, type Made } from './result.ts';
import { securityOf } from './security.ts';
import { openSubject, type Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkPlan, Shrunk, ShrinkTools } from './types.ts';
import { unlike } from './unlike.ts';
import { nothingButErrors } from './verdict.ts';
import { profileOfRun, watchOriginal, type WatchOptions } from './watch.ts';

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
    const replaced = await replacedBy(made.produced.descriptor.digest, subject.name, tools.store);
    await tools.store.tag(subject.name, made.produced.descriptor, made.produced.evidence);
    const fresh = [...nothingButErrors(made.proof?.compared ?? []), ...made.produced.decision.plan.warnings];
    for (const warning of fresh) tools.ctx.onEvent({ kind: 'warning', warning });
    const facts = options.provenance === true ? shrinkFacts(subject, made, options) : undefined;
    const written = await writeWithDocuments(
      { name: subject.name, targets: options.output ?? [], formats: options.sbom ?? [], facts },
      tools,
    );
    const seconds = (performance.now() - began) / 1000;
    const result = {
      ...(await resultOf(subject, made, options)),
      ...(replaced === undefined ? {} : { replaced }),
      ...written,
      seconds,
    };
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

async function make(subject: Subject, intent: Intent, sandbox: Sandbox | undefined, work: Work): Promise<Made> {
  const known = await know(subject, intent, sandbox, work);
  const { knowledge, original } = known;
  refuseUnrecorded(work.options, knowledge.profile);
  if (!intent.verify || original === undefined || sandbox === undefined)
    return { ...known, produced: await produce(subject, work.options, knowledge, work.tools) };
  const watching: WatchOptions = {
    ...work,
    sandbox,
    security: work.options.restrict === true ? securityOf(knowledge.profile, subject.image) : undefined,
    trace: undefined,
  };
  const proof = await prove({ subject, original, knowledge, watching });
  if (!proof.ok) throw unlike(subject.image.reference, proof, work.options);
  return { ...known, knowledge: proof.knowledge, produced: proof.produced, proof };
}
