import { sha256, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { artifactManifest, besideImage, withArtifacts, type Artifact } from '../transports/artifacts.ts';
import { bundleOfImage } from '../transports/bundle.ts';
import { keepsGraphs, openImage, writeBundle, writeImage } from '../transports/index.ts';
import type { RegistryAccess } from '../transports/registry/types.ts';
import { provenanceArtifact } from './provenance/statement.ts';
import type { BuildFacts } from './provenance/types.ts';
import type { SbomFormat } from './sbom/formats.ts';

export interface AttachTools {
  readonly store: Store;
  readonly ctx: Context;
  /** How registries are spoken to. */
  readonly registry?: RegistryAccess;
}

/** What is wanted beside an image that is made. */
export interface AttachOptions {
  /** Bills of materials, one in each format. */
  readonly sbom?: readonly SbomFormat[];
  /** SLSA provenance: from what the image was made, and how. */
  readonly provenance?: boolean;
}

/** A document that refers to an image. */
export interface AttachedDocument {
  /** Also the media type of the document. */
  readonly artifactType: string;
  /** Of its manifest. */
  readonly digest: Digest;
  /** Of the document itself, and its bytes. */
  readonly document: { readonly digest: Digest; readonly size: number };
}

/** Each format once. The same image gives the same bytes. @throws TareError what reading the image throws */
async function sbomArtifacts(
  image: Image,
  formats: readonly SbomFormat[],
  { ctx, store }: AttachTools,
): Promise<readonly Artifact[]> {
  if (formats.length === 0) return [];
  const { sbom } = await import('./sbom/index.ts');
  const artifacts: Artifact[] = [];
  for (const format of new Set(formats)) {
    ctx.onEvent({ kind: 'step.started', step: 'sbom', detail: format });
    const { document, mediaType } = await sbom({ image, store, ctx, format });
    artifacts.push({ artifactType: mediaType, bytes: Buffer.from(JSON.stringify(document), 'utf8') });
    ctx.onEvent({ kind: 'step.done', step: 'sbom', detail: format });
  }
  return artifacts;
}

/**
 * Writes an image that has a name in the store to other places, and what is wanted beside it to the store and to all of them.
 * @param input.facts undefined without provenance
 * @returns references of the places, and what refers to the image now
 * @throws TareError what reading the image and writing throw
 */
export async function writeWithDocuments(
  input: {
    /** In the store. */
    readonly name: string;
    readonly targets: readonly string[];
    readonly formats: readonly SbomFormat[];
    readonly facts: BuildFacts | undefined;
  },
  tools: AttachTools,
): Promise<{ readonly outputs: readonly string[]; readonly attached: readonly AttachedDocument[] }> {
  const { facts, formats, name, targets } = input;
  if (targets.length === 0 && formats.length === 0 && facts === undefined) return { outputs: [], attached: [] };
  const image = await openImage(name, tools);
  const subject = { name: titleOf(name), digest: image.descriptor.digest };
  const artifacts = [
    ...(await sbomArtifacts(image, formats, tools)),
    ...(facts === undefined ? [] : [provenanceArtifact(subject, facts)]),
  ];
  if (artifacts.length > 0) await writeBundle(besideImage(image, artifacts), name, tools);
  const outputs: string[] = [];
  for (const target of targets) outputs.push(await writeTo(target, image, artifacts, tools));
  return { outputs, attached: describeAttached(image, artifacts) };
}

/**
 * Puts a bill of materials beside an image, wherever it is: the image stays as it is, and so does its name.
 * @throws TareError E_TRANSPORT where the medium has no place for it; what reading and writing throw
 */
export async function attachSbom(
  {
    format,
    platform,
    reference,
  }: { readonly reference: string; readonly platform?: string; readonly format: SbomFormat },
  tools: AttachTools,
): Promise<AttachedDocument & { readonly reference: string }> {
  if (!(await keepsGraphs(reference)))
    throw new TareError('E_TRANSPORT', `${reference}: there is no place for what refers to an image`, {
      hint: 'copy the image into the store, oci: or docker:// first, or write the document into a file with -o',
    });
  const image = await openImage(reference, { ...tools, ...(platform === undefined ? {} : { platform }) });
  const artifacts = await sbomArtifacts(image, [format], tools);
  await writeBundle(besideImage(image, artifacts), image.reference, tools);
  const [document] = describeAttached(image, artifacts);
  if (document === undefined) throw new Error('an artifact was made');
  return { reference: image.reference, ...document };
}

/** As results tell of them. */
function describeAttached(
  { descriptor }: Pick<Image, 'descriptor'>,
  artifacts: readonly Artifact[],
): readonly AttachedDocument[] {
  return artifacts.map((artifact) => ({
    artifactType: artifact.artifactType,
    digest: artifactManifest(descriptor, artifact).descriptor.digest,
    document: { digest: sha256(artifact.bytes), size: artifact.bytes.length },
  }));
}

async function writeTo(
  target: string,
  image: Image,
  artifacts: readonly Artifact[],
  tools: AttachTools,
): Promise<string> {
  if (artifacts.length > 0 && (await keepsGraphs(target)))
    return (await writeBundle(withArtifacts(bundleOfImage(image), artifacts), target, tools)).reference;
  if (artifacts.length > 0) {
    const message = `${target} has no place for what refers to an image: it goes there without its SBOM and provenance`;
    tools.ctx.onEvent({ kind: 'warning', warning: { code: 'referrers', message } });
  }
  return (await writeImage(image, target, tools)).reference;
}

/** A name without its tag, which another image may have tomorrow. */
const titleOf = (name: string): string => name.replace(/:[^/:]*$/, '');
