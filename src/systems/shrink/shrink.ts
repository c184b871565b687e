import { TareError } from '../../base/error.ts';
import type { Warning } from '../../base/events.ts';
import { mergeProfiles, profileOf } from '../../evidence/observed/index.ts';
import type { Profile } from '../../evidence/observed/types.ts';
import type { Project } from '../../formats/compose/types.ts';
import { platformText } from '../../oci/platform.ts';
import type { Image } from '../../oci/types.ts';
import { systemCost, type SystemCost, type SystemCostOptions } from '../../ship/system-cost.ts';
import type { Knowledge } from '../../shrink/produce.ts';
import { securityOf, type Security } from '../../shrink/security.ts';
import type { ShrinkTools, ShrunkLayer, Sizes } from '../../shrink/types.ts';
import type { CompareMode } from '../../verify/compare.ts';
import { requireSandbox } from '../../verify/with-sandbox.ts';
import { observeSystem, type SystemRun } from '../prove/observe.ts';
import type { SystemProbe } from '../prove/probes.ts';
import { verifiedProbes, type SystemVerdict } from '../prove/verify.ts';
import { serviceImagesOf } from './cost.ts';
import { proveSystem, type SystemProof } from './prove.ts';
import { openSubjects, type ServiceSubject, type SharedOptions } from './subjects.ts';

export interface ShrinkSystemOptions extends SharedOptions {
  readonly project: Project;
  /** By service. */
  readonly images: ReadonlyMap<string, Image>;
  /** Empty: the published ports are crawled. */
  readonly probes: readonly SystemProbe[];
  /** A command on this machine that drives the system. */
  readonly run?: readonly string[];
  readonly compare?: CompareMode;
  readonly timeoutMs?: number;
  readonly cost?: SystemCostOptions;
}

export interface ShrunkService {
  readonly service: string;
  /** Name in the store. */
  readonly reference: string;
  readonly digest: string;
  readonly size: Sizes;
  readonly files: number;
  readonly original: {
    readonly reference: string;
    readonly digest: string;
    readonly size: Sizes;
    readonly files: number;
  };
  readonly layers: readonly ShrunkLayer[];
  readonly profile: { readonly paths: number };
  /** Paths that verification found missing, and that were put back. */
  readonly repaired: readonly string[];
}

export interface ShrunkSystem {
  readonly project: string;
  /** In the order of the project; services that were left as they are do not stand here. */
  readonly services: readonly ShrunkService[];
  readonly verified: SystemVerdict;
  readonly cost: SystemCost;
  readonly seconds: number;
  readonly warnings: readonly Warning[];
}

export interface ShrunkSystemWith {
  readonly result: ShrunkSystem;
  /** Service → what it may be held to; with `syscalls`. */
  readonly security: ReadonlyMap<string, Security>;
}

/**
 * Shrinks the images of a whole system at once: all services are watched while the system is asked from outside, then packed with what they share in layers
 * of their own, run together again, and compared. Only then the small images get names in the store.
 * @throws TareError E_ORIGINAL when the system itself fails; E_UNLIKE; what opening and running images throw. Nothing is named then.
 */
export async function shrinkSystem(options: ShrinkSystemOptions, tools: ShrinkTools): Promise<ShrunkSystemWith> {
  const began = performance.now();
  const { compare = 'auto', images, project, run, timeoutMs } = options;
  const sandbox = await requireSandbox();
  const lease = await tools.store.lease();
  try {
    const subjects = await openSubjects(project, images, options, tools);
    if (subjects.length === 0) throw new TareError('E_COMPOSE', `${project.name} has no service that may be shrunk`);
    const original = await watchOriginal(options, { sandbox, tools });
    const knowledge = new Map(subjects.map((item) => [item.service.name, knowledgeOf(item, original)] as const));
    const proof = await proveSystem({
      project,
      images,
      subjects,
      knowledge,
      original,
      run,
      compare,
      timeoutMs,
      sandbox,
      tools,
    });
    for (const { service, subject } of subjects) {
      const made = proof.made.find((item) => item.service === service.name);
      if (made !== undefined) await tools.store.tag(subject.name, made.produced.descriptor, made.produced.evidence);
    }
    const result = await resultOf(options, { subjects, original, proof, began }, tools);
    for (const warning of result.warnings) tools.ctx.onEvent({ kind: 'warning', warning });
    return {
      result,
      security: new Map(
        subjects.flatMap(({ service, subject }) => {
          const security = securityOf(proof.knowledge.get(service.name)?.profile, subject.startedImage);
          return security === undefined ? [] : [[service.name, security] as const];
        }),
      ),
    };
  } finally {
    await lease.release();
  }
}

async function watchOriginal(
  { images, probes, project, run, syscalls, timeoutMs }: ShrinkSystemOptions,
  { sandbox, tools }: { readonly sandbox: Awaited<ReturnType<typeof requireSandbox>>; readonly tools: ShrinkTools },
): Promise<SystemRun> {
  const { ctx, store } = tools;
  ctx.onEvent({ kind: 'step.started', step: 'observe', detail: `${project.name}, ${sandbox.description}` });
  const seen = await observeSystem({
    project,
    images,
    drive: { probes, crawl: probes.length === 0 && run === undefined, run },
    trace: { syscalls: syscalls === true },
    timeoutMs,
    askAgain: true,
    sandbox,
    store,
    ctx,
  });
  const { outcomes, run: ran } = seen.run;
  const failed = [...outcomes, ...(ran === undefined ? [] : [ran])].find(({ ok }) => !ok);
  if (seen.failed !== undefined)
    throw new TareError('E_ORIGINAL', `${project.name} itself does not come up: ${seen.failed.message}`, {
      hint: `see with \`tare up\` what it needs; ${seen.failed.hint}`,
    });
  if (failed !== undefined)
    throw new TareError('E_ORIGINAL', `${project.name} itself does not pass ${failed.name}: ${failed.detail ?? ''}`, {
      hint: 'mend the probe, or give the service what it needs',
    });
  ctx.onEvent({ kind: 'step.done', step: 'observe', detail: `${outcomes.length} probes` });
  return seen;
}

function knowledgeOf({ service, subject }: ServiceSubject, original: SystemRun): Knowledge {
  const observations = original.services.get(service.name)?.observations ?? [];
  const profiles = observations
    .filter(({ paths }) => paths.length > 0)
    .map((observation): Profile =>
      profileOf({
        observation,
        tree: subject.tree,
        platform: platformText(subject.platform),
        probes: original.run.probes,
      }),
    );
  const [first, ...rest] = profiles;
  if (first === undefined)
    throw new TareError(
      'E_TRACER',
      `nothing is known of what ${service.name} asked for: ${observations[0]?.incomplete ?? 'no program of it was seen to start'}`,
    );
  return { profile: mergeProfiles(first, ...rest), repairs: [] };
}

async function resultOf(
  { cost, images, project }: ShrinkSystemOptions,
  seen: {
    readonly subjects: readonly ServiceSubject[];
    readonly original: SystemRun;
    readonly proof: SystemProof;
    readonly began: number;
  },
  tools: ShrinkTools,
): Promise<ShrunkSystem> {
  const { began, original, proof, subjects } = seen;
  const rows = subjects.flatMap((item) => {
    const made = proof.made.find(({ service }) => service === item.service.name);
    return made === undefined ? [] : [{ ...item, made }];
  });
  const services = rows.map(({ made, service, subject }): ShrunkService => {
    const layers = made.produced.layers.map(({ packed: _packed, ...layer }) => layer);
    const sum = (key: 'disk' | 'wire'): number => layers.reduce((total, layer) => total + layer[key], 0);
    const known = proof.knowledge.get(service.name);
    return {
      service: service.name,
      reference: subject.name,
      digest: made.produced.descriptor.digest,
      size: { disk: sum('disk'), wire: sum('wire') },
      files: made.produced.files,
      original: {
        reference: images.get(service.name)?.reference ?? subject.image.reference,
        digest: subject.image.descriptor.digest,
        size: subject.size,
        files: subject.files,
      },
      layers,
      profile: { paths: known?.profile?.paths.length ?? 0 },
      repaired: (known?.repairs ?? []).map(({ path }) => Buffer.from(path, 'latin1').toString('utf8')),
    };
  });
  return {
    project: project.name,
    services,
    verified: verifiedProbes(proof.small, original, proof.compared),
    cost: systemCost(
      await Promise.all(
        rows.map(({ made, subject }, index) => serviceImagesOf(services[index]?.service ?? '', subject, made, tools)),
      ),
      cost ?? {},
    ),
    seconds: Math.round(performance.now() - began) / 1000,
    warnings: warningsOf(project, proof),
  };
}

/** Each with its service. */
function warningsOf({ services }: Project, { made }: SystemProof): readonly Warning[] {
  const unseen = services.filter(({ replicas }) => replicas === 0);
  return [
    ...unseen.map(({ at, name }) => ({
      code: 'not-shrunk',
      message: `${at}: ${name} has no container: nothing is seen of it, and its image stays as it is`,
    })),
    ...made.flatMap(({ produced, service }) =>
      produced.decision.plan.warnings.map((warning) => ({ ...warning, message: `${service}: ${warning.message}` })),
    ),
  ];
}
