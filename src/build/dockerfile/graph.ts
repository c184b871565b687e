import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { parseDockerfile } from '../../formats/dockerfile/index.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { parsePlatform, platformText } from '../../oci/platform.ts';
import { graphOfDockerfile, type NamedContext } from '../../solve/dockerfile/graph.ts';
import type { BuildGraph } from '../../solve/types.ts';
import type { Store } from '../../store/types.ts';
import { hostPlatform } from '../../transports/image.ts';
import { createImages, type BaseImages } from './images.ts';
import { proxiesOf } from './proxies.ts';
import type { DockerfileOptions } from './types.ts';

const MAX_DOCKERFILE_BYTES = 1024 * 1024; // 1 MiB

/** What a Dockerfile asks for, and where what it names is found. */
export interface DockerfileGraph {
  readonly file: Dockerfile;
  /** Of the Dockerfile. */
  readonly text: string;
  readonly graph: BuildGraph;
  readonly images: BaseImages;
}

/** Reads the Dockerfile and looks up its base images; writes nothing but base images that are to be fetched. @throws TareError E_DOCKERFILE, E_PATH_NOT_FOUND, as `openImage` */
export async function readGraph(
  options: DockerfileOptions,
  { ctx, frozen = false, store }: { readonly ctx: Context; readonly store: Store; readonly frozen?: boolean },
): Promise<DockerfileGraph> {
  const text = options.text ?? (await readText(options.file));
  const file = parseDockerfile(text, { file: options.file, duplicateStages: 'warn' });
  for (const { message, range } of file.warnings)
    ctx.onEvent({
      kind: 'warning',
      warning: { code: 'dockerfile', message, path: options.file, line: range.start.line },
    });
  const images = createImages({ store, ctx, frozen, ...(options.pull === undefined ? {} : { pull: options.pull }) });
  const created = options.epoch === undefined ? undefined : timeText(options.epoch);
  const graph = await graphOfDockerfile({
    file,
    target: options.target,
    platform: parsePlatform(options.platform ?? platformText(hostPlatform())),
    buildPlatform: hostPlatform(),
    resolve: images.resolve,
    contexts: namedContexts(options),
    hosts: options.hosts ?? [],
    network: options.network ?? 'default',
    allow: new Set(options.allow),
    silentEnv: proxiesOf(options),
    created,
    warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
    ...(options.buildArgs === undefined ? {} : { buildArgs: options.buildArgs }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  });
  const config = { ...graph.config, ...(created === undefined ? {} : { created }) };
  return { file, text, graph: { ...graph, config }, images };
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
