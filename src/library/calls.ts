import { build as buildImage, planBuild as planImage } from '../build/build.ts';
import type { BuildOptions, BuildResult, DryRun } from '../build/types.ts';
import { compare as compareImages, type ComparedImage } from '../explain/compare.ts';
import { diffImages, type DiffSide, type ImageDiff } from '../explain/diff/diff.ts';
import { openSide } from '../explain/diff/side.ts';
import { files as filesOf, type FileRow } from '../explain/files.ts';
import { inspect as inspectImage, type Inspection } from '../explain/inspect.ts';
import { layers as layersOf, type Dissection } from '../explain/layers/layers.ts';
import { why as whyPath, type Why } from '../explain/why.ts';
import type { Profile } from '../evidence/observed/types.ts';
import type { Image } from '../oci/types.ts';
import type { Probe } from '../sandbox/types.ts';
import { unpack as unpackImage, type UnpackResult } from '../ship/unpack.ts';
import { observe as observeImage, planShrink as planSmall, shrink as shrinkImage } from '../shrink/shrink.ts';
import type { ShrinkOptions, ShrinkPlan, ShrinkResult } from '../shrink/types.ts';
import type { CompareMode } from '../verify/compare.ts';
import type { VerifyResult } from '../verify/verify.ts';
import { verify as verifyWithSandbox } from '../verify/with-sandbox.ts';
import { imageOf, toolsOf, withoutCall, type CallOptions, type ImageInput } from './tools.ts';

/*
 * The use cases with their surroundings filled in: each takes one options object and gives the object that the command of the same name
 * prints with `--json`. All throw a TareError on bad input.
 */

/** As `tare build DIR`. `environment` defaults to this process's own. */
export async function build(options: BuildOptions & CallOptions): Promise<BuildResult> {
  return buildImage({ environment: process.env, ...withoutCall(options) }, await toolsOf(options));
}

/** As `tare build DIR --dry-run`. */
export async function planBuild(options: BuildOptions & CallOptions): Promise<DryRun> {
  return planImage({ environment: process.env, ...withoutCall(options) }, await toolsOf(options));
}

/** As `tare shrink IMAGE`. */
export async function shrink(options: ShrinkOptions & CallOptions): Promise<ShrinkResult> {
  return (await shrinkImage(options, await toolsOf(options))).result;
}

/** As `tare shrink IMAGE --dry-run`. */
export async function planShrink(options: ShrinkOptions & CallOptions): Promise<ShrinkPlan> {
  return planSmall(options, await toolsOf(options));
}

/** As `tare observe IMAGE`: the profile itself. */
export async function observe(options: ShrinkOptions & CallOptions): Promise<Profile> {
  return observeImage(options, await toolsOf(options));
}

export interface OneImage extends CallOptions {
  readonly image: ImageInput;
  /** `os/arch`, when the reference offers several. */
  readonly platform?: string;
}

/** As `tare inspect IMAGE`. */
export async function inspect(options: OneImage): Promise<Inspection> {
  const tools = await toolsOf(options);
  return inspectImage({ image: await imageOf(options.image, tools, options.platform), ...tools });
}

/** As `tare files IMAGE [GLOB]`. */
export async function files(
  options: OneImage & {
    readonly glob?: string;
    readonly layer?: number;
    readonly package?: string;
    readonly sort?: 'path' | 'size';
  },
): Promise<readonly FileRow[]> {
  const tools = await toolsOf(options);
  return filesOf({
    image: await imageOf(options.image, tools, options.platform),
    ...(options.glob === undefined ? {} : { glob: options.glob }),
    ...(options.layer === undefined ? {} : { layer: options.layer }),
    ...(options.package === undefined ? {} : { package: options.package }),
    ...(options.sort === undefined ? {} : { sort: options.sort }),
    ...tools,
  });
}

/** As `tare layers IMAGE`; all rows unless there is a `limit`. */
export async function layers(
  options: OneImage & { readonly layer?: number; readonly limit?: number },
): Promise<Dissection> {
  const tools = await toolsOf(options);
  return layersOf({
    image: await imageOf(options.image, tools, options.platform),
    ...(options.layer === undefined ? {} : { layer: options.layer }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...tools,
  });
}

/** As `tare why IMAGE PATH`. */
export async function why(options: OneImage & { readonly path: string }): Promise<Why> {
  const tools = await toolsOf(options);
  return whyPath({ image: await imageOf(options.image, tools, options.platform), path: options.path, ...tools });
}

/** As `tare verify IMAGE`. */
export async function verify(
  options: OneImage & {
    readonly against?: ImageInput;
    readonly probes?: readonly Probe[];
    /** How the answers are compared with the original's; default auto. */
    readonly compare?: CompareMode;
    readonly timeoutMs?: number;
  },
): Promise<VerifyResult> {
  const tools = await toolsOf(options);
  return verifyWithSandbox({
    image: await imageOf(options.image, tools, options.platform),
    ...(options.against === undefined ? {} : { against: await imageOf(options.against, tools) }),
    probes: options.probes ?? [],
    ...(options.compare === undefined ? {} : { compare: options.compare }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...tools,
  });
}

/** As `tare compare A B C…`. */
export async function compare(
  options: CallOptions & { readonly images: readonly ImageInput[] },
): Promise<readonly ComparedImage[]> {
  const tools = await toolsOf(options);
  const images: Image[] = [];
  for (const image of options.images) images.push(await imageOf(image, tools));
  return compareImages({ images, ...tools });
}

/** As `tare diff BEFORE AFTER`: images, or what else its arguments may name. */
export async function diff(
  options: CallOptions & {
    readonly before: ImageInput;
    readonly after: ImageInput;
    readonly semantic?: boolean;
    readonly platform?: string;
  },
): Promise<ImageDiff> {
  const { platform, semantic = false } = options;
  const tools = await toolsOf(options);
  const open = async (side: ImageInput): Promise<DiffSide> =>
    typeof side === 'string'
      ? openSide(side, { ...tools, ...(platform === undefined ? {} : { platform }) })
      : { image: side };
  return diffImages({ before: await open(options.before), after: await open(options.after), semantic, ...tools });
}

/** As `tare unpack IMAGE DIR`. */
export async function unpack(options: OneImage & { readonly dir: string }): Promise<UnpackResult> {
  const tools = await toolsOf(options);
  return unpackImage({ image: await imageOf(options.image, tools, options.platform), dir: options.dir, ...tools });
}
