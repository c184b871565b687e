import { copyList as copyLines, type CopyLine, type CopyListResult } from '../ship/copy-list.ts';
import { copy as copyImage, type CopyHow, type CopyResult } from '../ship/copy.ts';
import { createIndex as makeIndex } from '../ship/image-index/create.ts';
import { addToIndex as addImages, annotateIndex as annotate, type EntrySettings } from '../ship/image-index/edit.ts';
import type { IndexResult } from '../ship/image-index/types.ts';
import { listTags as tagsOf, pull as pullImage, push as pushImage, type TagList } from '../ship/registry.ts';
import type { ServeOptions, Serving } from '../ship/registry/server.ts';
import type { CostOptions, CostResult } from '../ship/retention/cost.ts';
import type { SbomFormat } from '../attest/sbom/formats.ts';
import type { Annotations } from '../oci/types.ts';
import { imageOf, toolsOf, withoutCall, type CallOptions, type ImageInput } from './tools.ts';

/*
 * Images on their way, with the surroundings filled in. `registry` of the options says what --insecure and --authfile say; credentials, certificates and
 * mirrors are looked for as the commands do.
 */

/** As `tare pull REFERENCE [NAME]`. */
export async function pull(
  options: CallOptions & CopyHow & { readonly reference: string; readonly name?: string },
): Promise<CopyResult> {
  return pullImage({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** As `tare push NAME [REFERENCE]`. */
export async function push(
  options: CallOptions & CopyHow & { readonly name: string; readonly reference?: string },
): Promise<CopyResult> {
  return pushImage({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** As `tare copy SOURCE TARGET`. */
export async function copy(
  options: CallOptions & CopyHow & { readonly source: string; readonly target: string },
): Promise<CopyResult> {
  return copyImage({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** As `tare copy --from-file`: what fails is in the result. */
export async function copyList(
  options: CallOptions & CopyHow & { readonly lines: readonly CopyLine[] },
): Promise<CopyListResult> {
  const { lines, ...how } = withoutCall(options);
  return copyLines(lines, { ...how, ...(await toolsOf(options)) });
}

/** As `tare tags REPOSITORY`. */
export async function listTags(
  options: CallOptions & { readonly repository: string; readonly limit?: number },
): Promise<TagList> {
  const { ctx } = await toolsOf(options);
  const { limit, repository } = options;
  return tagsOf({ repository, ctx, env: process.env, ...(limit === undefined ? {} : { limit }) });
}

type OfIndex = CallOptions & { readonly target: string };

/** As `tare index create NAME IMAGE…`. */
export async function createIndex(
  options: OfIndex & { readonly images: readonly string[]; readonly annotations?: Annotations },
): Promise<IndexResult> {
  return makeIndex({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** As `tare index add NAME IMAGE…`. */
export async function addToIndex(
  options: OfIndex & EntrySettings & { readonly images: readonly string[] },
): Promise<IndexResult> {
  return addImages({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** As `tare index annotate NAME [ENTRY…]`. */
export async function annotateIndex(
  options: OfIndex & EntrySettings & { readonly entries: readonly string[] },
): Promise<IndexResult> {
  return annotate({ ...withoutCall(options), ...(await toolsOf(options)) });
}

/** The document of `tare sbom IMAGE`. */
export async function sbomOf(
  options: CallOptions & { readonly image: ImageInput; readonly platform?: string; readonly format: SbomFormat },
): Promise<object> {
  const tools = await toolsOf(options);
  const image = await imageOf(options.image, tools, options.platform);
  const { sbom } = await import('../attest/sbom/index.ts');
  return (await sbom({ image, format: options.format, ...tools })).document;
}

/** As `tare cost REPOSITORY…`. */
export async function costOf(
  options: CallOptions & Omit<CostOptions, 'inputs' | 'signal'> & { readonly repositories: readonly string[] },
): Promise<CostResult> {
  const [{ costOf: costs }, { costInput }] = await Promise.all([
    import('../ship/retention/cost.ts'),
    import('../ship/retention/places/index.ts'),
  ]);
  const { repositories, ...how } = withoutCall(options);
  const tools = { ...(await toolsOf(options)), env: process.env };
  const inputs = await Promise.all(repositories.map((text) => costInput(text, tools)));
  return costs({ ...how, inputs, signal: tools.ctx.signal });
}

/** As `tare registry serve`; a store in place of a folder is `--store`. The caller stops it. */
export async function serveRegistry(options: ServeOptions): Promise<Serving> {
  const { serveRegistry: serve } = await import('../ship/registry/server.ts');
  return serve(options);
}
