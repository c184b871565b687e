import { sha256 } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import type { RootPath } from '../evidence/collect.ts';
import { encodeEvidence, EVIDENCE_MEDIA_TYPE } from '../evidence/codec.ts';
import { encodeProfile } from '../evidence/observed/index.ts';
import type { Profile } from '../evidence/observed/types.ts';
import { platformText } from '../oci/platform.ts';
import type { Descriptor } from '../oci/types.ts';
import { DEFAULT_COMPRESSION } from '../pack/compression.ts';
import { storeImage } from '../pack/store-image.ts';
import { decide, type Decision } from './decide.ts';
import { shrunkAnnotations, shrunkConfig } from './image-config.ts';
import { layering, packLayers, type Grouped, type LayerInHand } from './layers.ts';
import type { Subject } from './subject.ts';
import type { ShrinkOptions, ShrinkTools } from './types.ts';

/** What decides: what was observed, and what verification found missing. */
export interface Knowledge {
  readonly profile: Profile | undefined;
  readonly repairs: readonly RootPath[];
}

/** An image that is in the store, and has no name yet. */
export interface Produced {
  readonly decision: Decision;
  readonly layers: readonly LayerInHand[];
  readonly descriptor: Descriptor;
  readonly evidence: Descriptor;
  readonly files: number;
}

export async function decideOn(
  subject: Subject,
  options: ShrinkOptions,
  knowledge: Knowledge,
  { ctx }: ShrinkTools,
): Promise<Decision> {
  const { facts, image, started } = subject;
  ctx.onEvent({ kind: 'step.started', step: 'evidence', detail: started[0]?.context.argv.join(' ') ?? '' });
  const decision = await decide({ ...subject, image: subject.startedImage, ...knowledge, options, ctx });
  const { drop, keep } = decision.plan;
  if (!keep.some((item) => item.size > 0)) {
    throw new TareError('E_NO_ENTRY', `nothing of ${image.reference} would be kept`, {
      hint: 'name what it needs with --include, or what is started in it with --exec',
    });
  }
  await facts.save();
  ctx.onEvent({ kind: 'step.done', step: 'evidence', detail: `${keep.length} paths kept, ${drop.length} dropped` });
  return decision;
}

/** Evidence → Plan → layers → image. */
export async function produce(
  subject: Subject,
  options: ShrinkOptions,
  knowledge: Knowledge,
  tools: ShrinkTools,
): Promise<Produced> {
  const decision = await decideOn(subject, options, knowledge, tools);
  return assemble({ subject, options, knowledge, decision, groups: layersOf(subject, decision, options) }, tools);
}

/** The layers that an image is to have by itself. */
export function layersOf({ image, tree }: Subject, { plan }: Decision, options: ShrinkOptions): readonly Grouped[] {
  const originalLayers = image.manifest.layers.length;
  return layering({ plan, tree, mode: options.layers ?? 'regroup', originalLayers });
}

export interface AssembleInput {
  readonly subject: Subject;
  readonly options: ShrinkOptions;
  readonly knowledge: Knowledge;
  readonly decision: Decision;
  readonly groups: readonly Grouped[];
  /** Layers of that name that are packed already; those that are packed now are added. */
  readonly packed?: Map<string, LayerInHand>;
}

/** Layers → image. */
export async function assemble(input: AssembleInput, tools: ShrinkTools): Promise<Produced> {
  const { decision, groups, knowledge, options, packed, subject } = input;
  const { content, image, platform, tightness } = subject;
  const { gathered, plan } = decision;
  const layers = await packLayers(groups, content, options.compression ?? DEFAULT_COMPRESSION, tools, packed);
  const files = layers.reduce((sum, layer) => sum + layer.files, 0);
  const facts = {
    image,
    layers,
    tightness,
    profile: knowledge.profile === undefined ? undefined : sha256(encodeProfile(knowledge.profile)),
    kept: files,
    dropped: plan.drop.length,
  };
  const stored = await storeImage({
    store: tools.store,
    config: shrunkConfig(facts),
    layers: layers.map((layer) => layer.packed),
    annotations: shrunkAnnotations(facts),
  });
  const blob = await tools.store.blobs.putBytes(
    encodeEvidence(gathered.graph, {
      added: plan.add.map((item) => item.reason),
      dropped: plan.drop,
      platform: platformText(platform),
      tightness,
    }),
  );
  return {
    decision,
    layers,
    descriptor: stored.descriptor,
    evidence: { mediaType: EVIDENCE_MEDIA_TYPE, digest: blob.digest, size: blob.size },
    files,
  };
}
