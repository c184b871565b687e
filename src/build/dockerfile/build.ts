import { writeWithDocuments } from '../../attest/attach.ts';
import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Context, TareEvent } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../../pack/compression.ts';
import type { FetchedSource } from '../../solve/local/remote-source.ts';
import type { Store } from '../../store/types.ts';
import { identityOf } from '../../transports/index.ts';
import { imageName } from '../name.ts';
import { checkCacheOptions } from './cache-options.ts';
import { openContexts } from './contexts.ts';
import { executorFor } from './executor.ts';
import { readGraph } from './graph.ts';
import { imageSizes } from './image-sizes.ts';
import { dockerfileFacts } from './provenance.ts';
import type { BuiltDockerfile, DockerfileOptions, DockerfileResult, DockerfileTools, StepReport } from './types.ts';

/**
 * Dockerfile and context → image in the store (and at `output`).
 * @throws TareError E_DOCKERFILE with file and line, E_STEP for a step that fails, E_PATH_NOT_FOUND for files that are not there, …; no name is given then
 */
export async function buildDockerfile(options: DockerfileOptions, tools: DockerfileTools): Promise<DockerfileResult> {
  return (await builtDockerfile(options, tools)).result;
}

/** The same, for who goes on with the image. @throws as `buildDockerfile` */
export async function builtDockerfile(options: DockerfileOptions, tools: DockerfileTools): Promise<BuiltDockerfile> {
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
    const { file, graph, images, text } = await readGraph(options, { store, ctx });
    const fetched: FetchedSource[] = [];
    const onFetched = (source: FetchedSource): void => void fetched.push(source);
    const contexts = openContexts({ options, store, ctx });
    try {
      const given = { options, tools: { ...tools, ctx }, file, graph, images, contexts, onFetched };
      const executor = await executorFor(given);
      try {
        const image = await executor.solve(graph, ctx);
        for (const name of names) await store.tag(name, image.descriptor);
        const facts =
          options.provenance === true
            ? dockerfileFacts({ options, text, graph, fetched, taken: await contexts.taken() })
            : undefined;
        const [name = image.reference] = names;
        const wanted = { name, targets: options.output ?? [], formats: options.sbom ?? [], facts };
        const written = await writeWithDocuments(wanted, { store, ctx });
        const cache = options.cacheTo === undefined ? undefined : await executor.writeCache(options.cacheTo);
        const result = {
          ...(await describe(image, store, ctx)),
          reference: name,
          tags: names,
          steps: watched.steps(),
          engine: executor.description,
          ...written,
          ...(cache === undefined ? {} : { cache }),
          seconds: (performance.now() - began) / 1000,
          warnings: watched.warnings(),
        };
        return { result, ...(facts === undefined ? {} : { facts }) };
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
