import { withoutSecretWords } from '../../base/command-secrets.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Context, TareEvent } from '../../base/events.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { parseDockerfile } from '../../formats/dockerfile/index.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { Image } from '../../oci/types.ts';
import { parseCompression } from '../../pack/compression.ts';
import type { Store } from '../../store/types.ts';
import { hostPlatform } from '../../transports/image.ts';
import { identityOf, writeImage } from '../../transports/index.ts';
import { graphOfDockerfile, type NamedContext } from '../../solve/dockerfile/graph.ts';
import { imageName } from '../name.ts';
import { openContexts } from './contexts.ts';
import { executorFor } from './executor.ts';
import { imageSizes } from './image-sizes.ts';
import { createImages } from './images.ts';
import { proxiesOf } from './proxies.ts';
import type { DockerfileOptions, DockerfileResult, DockerfileTools, StepReport } from './types.ts';

const DEFAULT_COMPRESSION = 'gzip:6';
const MAX_DOCKERFILE_BYTES = 1024 * 1024; // 1 MiB

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
    const text = options.text ?? (await readText(options.file));
    const file = parseDockerfile(text, { file: options.file, duplicateStages: 'warn' });
    for (const { message, range } of file.warnings)
      ctx.onEvent({
        kind: 'warning',
        warning: { code: 'dockerfile', message, path: options.file, line: range.start.line },
      });
    const platform = parsePlatform(options.platform ?? platformOfHost());
    const images = createImages({ store, ctx });
    const contexts = openContexts({ options, store, ctx });
    try {
      const graph = await graphOfDockerfile({
        file,
        target: options.target,
        platform,
        buildPlatform: hostPlatform(),
        resolve: images.resolve,
        contexts: namedContexts(options),
        hosts: options.hosts ?? [],
        network: options.network ?? 'default',
        allow: new Set(options.allow),
        silentEnv: proxiesOf(options),
        created: options.epoch === undefined ? undefined : timeText(options.epoch),
        warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
        ...(options.buildArgs === undefined ? {} : { buildArgs: options.buildArgs }),
        ...(options.labels === undefined ? {} : { labels: options.labels }),
      });
      const executor = await executorFor({ options, tools: { ...tools, ctx }, images, contexts });
      try {
        const config = {
          ...graph.config,
          ...(options.epoch === undefined ? {} : { created: timeText(options.epoch) }),
        };
        const image = await executor.solve({ ...graph, config }, ctx);
        for (const name of names) await store.tag(name, image.descriptor);
        const outputs = await writeOutputs(image, options.output ?? [], { store, ctx });
        return {
          ...(await describe(image, store, ctx)),
          reference: names[0] ?? image.reference,
          tags: names,
          steps: watched.steps(),
          engine: executor.description,
          outputs,
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

const platformOfHost = (): string => {
  const { architecture, os, variant } = hostPlatform();
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
};

function namesOf({ dir, tags = [] }: DockerfileOptions): readonly string[] {
  return tags.length === 0 ? [imageName(undefined, undefined, dir)] : tags.map((tag) => imageName(tag, undefined, dir));
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readSmallFile(file, MAX_DOCKERFILE_BYTES));
  } catch (error) {
    if (error instanceof TypeError) throw new TareError('E_DOCKERFILE', `${file} is not UTF-8`, { cause: error });
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read ${file}`);
    throw new TareError('E_PATH_NOT_FOUND', `there is no Dockerfile at ${file}`, {
      cause: error,
      hint: 'the path begins at the current folder: `tare build -f DIR/Dockerfile DIR`',
    });
  }
}

/** A folder when it looks like one, as docker's `--build-context` has it; `docker-image://` is accepted before an image. */
function namedContexts({ contexts = new Map<string, string>() }: DockerfileOptions): ReadonlyMap<string, NamedContext> {
  return new Map(
    [...contexts].map(([name, value]): [string, NamedContext] => {
      const image = /^docker-image:\/\/(.+)$/.exec(value)?.[1] ?? (/^[a-z-]+:/.test(value) ? value : undefined);
      return [name, image === undefined ? { kind: 'local', context: name } : { kind: 'image', reference: image }];
    }),
  );
}

const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

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
  const steps: StepReport[] = [];
  const warnings: DockerfileResult['warnings'][number][] = [];
  const onEvent = (event: TareEvent): void => {
    if (event.kind === 'warning') warnings.push(event.warning);
    if (event.kind === 'vertex.started') names.set(event.digest, event.name);
    if (event.kind === 'vertex.done')
      steps.push({ name: names.get(event.digest) ?? event.digest, cached: event.cached, seconds: event.seconds });
    ctx.onEvent(event);
  };
  return { ctx: { ...ctx, onEvent }, steps: () => steps, warnings: () => warnings };
}
