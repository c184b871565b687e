import { basename } from 'node:path';
import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import { ROOT } from '../base/path.ts';
import { packageSource, type PackageSource } from '../evidence/package-records.ts';
import { openFacts } from '../evidence/saved-facts.ts';
import { derivedName, parseImageName, parseReference } from '../oci/reference.ts';
import { parsePlatform, platformText, samePlatform } from '../oci/platform.ts';
import type { Image, Platform } from '../oci/types.ts';
import type { Tightness } from '../plan/types.ts';
import { treeOfImage, type ImageTree } from '../tree/image-tree.ts';
import { measureTree } from '../tree/measure.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { openImage } from '../transports/index.ts';
import { transportOf } from '../transports/route.ts';
import { createAnalysers, type Analysers } from './decide.ts';
import { startedProcesses, type StartedProcess } from './start.ts';
import type { ShrinkOptions, ShrinkTools, Sizes } from './types.ts';

/** The image that is to become smaller, opened. */
export interface Subject {
  readonly image: Image;
  /** The same with the config by which it is started. */
  readonly startedImage: Image;
  readonly started: readonly StartedProcess[];
  readonly tree: Tree;
  readonly layerTar: ImageTree['layerTar'];
  readonly content: ContentReader;
  readonly platform: Platform;
  readonly packages: PackageSource;
  readonly analysers: Analysers;
  readonly facts: Awaited<ReturnType<typeof openFacts>>;
  readonly tightness: Tightness;
  /** Of the result. */
  readonly name: string;
  readonly size: Sizes;
  readonly files: number;
}

/** @throws TareError E_PLATFORM, E_NO_ENTRY, E_PATH_NOT_FOUND, E_REFERENCE, and what opening and reading an image throw */
export async function openSubject(options: ShrinkOptions, { ctx, store }: ShrinkTools): Promise<Subject> {
  const image = await openImage(options.image, {
    store,
    ctx,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  const { architecture, os, variant } = image.config;
  const platform: Platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  if (options.platform !== undefined && !samePlatform(parsePlatform(options.platform), platform))
    throw new TareError('E_PLATFORM', `${image.reference} is of ${platformText(platform)}, not ${options.platform}`);
  const name = shrunkName(options, image);
  ctx.onEvent({ kind: 'step.started', step: 'index', detail: image.reference });
  const { content, layerTar, tree } = await treeOfImage(image, store, ctx.signal, { unpack: true });
  const { disk, files } = measureTree(tree);
  throwIfCancelled(ctx.signal);
  ctx.onEvent({ kind: 'step.done', step: 'index', detail: `${files} files` });
  const facts = await openFacts(store.home);
  const packages = packageSource({
    tree,
    content,
    under: ROOT,
    facts,
    warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
  });
  const wire = image.manifest.layers.reduce((total, layer) => total + layer.size, 0);
  const startedImage = startedAs(image, options);
  return {
    image,
    startedImage,
    tree,
    layerTar,
    content,
    platform,
    started: startedProcesses(startedImage, tree, options.exec ?? []),
    packages,
    analysers: createAnalysers(),
    facts,
    tightness: options.tightness ?? 'reachable',
    name,
    size: { disk, wire },
    files,
  };
}

function startedAs(image: Image, { startedAs: config }: ShrinkOptions): Image {
  if (config === undefined) return image;
  return { ...image, config: { ...image.config, config: { ...image.config.config, ...config } } };
}

/** `oci:dir:app` → `app:shrunk`; `team/app:1.2` → `team/app:1.2-shrunk`. */
function shrunkName(options: ShrinkOptions, image: Image): string {
  if (options.name !== undefined) {
    const name = parseImageName(options.name);
    if (transportOf(name) === undefined) return name;
    throw new TareError('E_REFERENCE', `${JSON.stringify(options.name)} names a transport, not an image of the store`, {
      hint: 'give the image a plain name; `--output` writes it elsewhere',
    });
  }
  const [last, tag] = splitTag(plainName(image.reference.replace(/@sha\d+:[0-9a-f]+$/, '')));
  return derivedName(`${madeUp(last)}${tag === '' ? '' : `:${tag}`}`, 'shrunk');
}

/** What follows the prefix and the path; the path's own last name when nothing does. */
function plainName(reference: string): string {
  const transport = transportOf(reference);
  if (transport === 'docker') {
    const { repository, tag } = parseReference(reference.replace(/^docker:\/\//, ''));
    return `${repository.replace(/^library\//, '')}:${tag ?? ''}`.replace(/:$/, '');
  }
  if (transport === undefined || transport === 'docker-daemon') return reference.replace(/^docker-daemon:/, '');
  const [, path = '', ...name] = reference.split(':');
  return name.length > 0 ? name.join(':') : basename(path).replace(/\.(?:tar|tgz|tar\.\w+)$/, '');
}

function splitTag(name: string): [string, string] {
  const at = name.lastIndexOf(':');
  return at > name.lastIndexOf('/') ? [name.slice(0, at), name.slice(at + 1)] : [name, ''];
}

/** What a transport calls an image may be a file name. */
function madeUp(text: string): string {
  const parts = text
    .toLowerCase()
    .split('/')
    .map((part) => (part.match(/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/g) ?? []).join('-'))
    .filter((part) => part !== '');
  const name = parts.join('/');
  return name === '' || transportOf(`${name}:shrunk`) !== undefined ? 'image' : name;
}
