import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Context, TareEvent } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../../pack/compression.ts';
import type { Store } from '../../store/types.ts';
import { identityOf, writeImage } from '../../transports/index.ts';
import { imageName } from '../name.ts';
import { checkCacheOptions } from './cache-options.ts';
import { openContexts } from './contexts.ts';
import { executorFor } from './executor.ts';
import { readGraph } from './graph.ts';
import { imageSizes } from './image-sizes.ts';
import type { DockerfileOptions, DockerfileResult, DockerfileTools, StepReport } from './types.ts';

/**
 * Dockerfile and context → image in the store (and at `output`).
 * @throws TareError E_DOCKERFILE with file and line, E_STEP for a step that fails, E_PATH_NOT_FOUND for files that are not there, …; no name is given then
 */
export async function buildDockerfile(options: DockerfileOptions, tools: DockerfileTools): Promise<DockerfileResult> {
  const began = performance.now();
  const { store } = tools;
  const lease = await store.lease();
  const watched = watchSteps(tools.ctx);
  const { ctx } = watched;
  try {
    for (const target of options.output ?? []) await identityOf(target);
    parseCompression(options.compression ?? DEFAULT_COMPRESSION);
    const names = namesOf(options);
    await checkCacheOptions(options);
    const { file, graph, images } = await readGraph(options, { store, ctx });
    const contexts = openContexts({ options, store, ctx });
    try {
      const executor = await executorFor({ options, tools: { ...tools, ctx }, file, graph, images, contexts });
      try {
        const image = await executor.solve(graph, ctx);
        for (const name of names) await store.tag(name, image.descriptor);
        const outputs = await writeOutputs(image, options.output ?? [], { store, ctx });
        const cache = options.cacheTo === undefined ? undefined : await executor.writeCache(options.cacheTo);
        return {
          ...(await describe(image, store, ctx)),
          reference: names[0] ?? image.reference,
          tags: names,
          steps: watched.steps(),
          engine: executor.description,
          outputs,
          ...(cache === undefined ? {} : { cache }),
          seconds: (performance.now() - began) / 1000,
          warnings: watched.warnings(),
        };
      } finally {
        await executor.close();
      }
    } finally {
      await contexts.save();
    }
  } finally {
    await lease.release();
  }
}

function namesOf({ dir, tags = [] }: DockerfileOptions): readonly string[] {
  return tags.length === 0 ? [imageName(undefined, undefined, dir)] : tags.map((tag) => imageName(tag, undefined, dir));
}

async function writeOutputs(
  image: Image,
  targets: readonly string[],
  tools: { readonly store: Store; readonly ctx: Context },
): Promise<string[]> {
  const written: string[] = [];
  for (const target of targets) written.push((await writeImage(image, target, tools)).reference);
  return written;
}

async function describe(
  image: Image,
  store: Store,
  ctx: Context,
): Promise<Pick<DockerfileResult, 'digest' | 'files' | 'layers' | 'platform' | 'size'>> {
  const sizes = await imageSizes(image, store, ctx.signal);
  const rows = (image.config.history ?? []).filter((row) => row.empty_layer !== true);
  const known = rows.length === image.manifest.layers.length;
  const layers = image.manifest.layers.map((layer, at) => ({
    digest: layer.digest,
    diffId: image.config.rootfs.diff_ids[at] ?? layer.digest,
    disk: sizes.layers[at] ?? 0,
    wire: layer.size,
    createdBy: known ? withoutSecretWords(rows[at]?.created_by ?? '') : '',
  }));
  const { architecture, os, variant } = image.config;
  return {
    digest: image.descriptor.digest,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    size: { disk: sizes.disk, wire: layers.reduce((sum, layer) => sum + layer.wire, 0) },
    files: sizes.files,
    layers,
  };
}

interface Watched {
  readonly ctx: Context;
  readonly steps: () => readonly StepReport[];
  readonly warnings: () => DockerfileResult['warnings'];
}

/** Passes events on, and remembers what the result tells of them. */
function watchSteps(ctx: Context): Watched {
  const names = new Map<string, string>();
  const reasons = new Map<string, readonly string[]>();
  const steps: StepReport[] = [];
  const warnings: DockerfileResult['warnings'][number][] = [];
  const onEvent = (event: TareEvent): void => {
    if (event.kind === 'warning') warnings.push(event.warning);
    if (event.kind === 'vertex.started') names.set(event.digest, event.name);
    if (event.kind === 'vertex.because') reasons.set(event.digest, event.because);
    if (event.kind === 'vertex.done') {
      const { cached, digest, seconds } = event;
      const because = reasons.get(digest);
      steps.push({ name: names.get(digest) ?? digest, cached, seconds, ...(because === undefined ? {} : { because }) });
    }
    ctx.onEvent(event);
  };
  return { ctx: { ...ctx, onEvent }, steps: () => steps, warnings: () => warnings };
}
