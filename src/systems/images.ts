import { join } from 'node:path';
import { buildDockerfile } from '../build/dockerfile/build.ts';
import type { DockerfileOptions, DockerfileResult } from '../build/dockerfile/types.ts';
import { isTareError, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Project, Service, ServiceBuild } from '../formats/compose/types.ts';
import { derivedName } from '../oci/reference.ts';
import type { Image } from '../oci/types.ts';
import { settingsOf } from './prove/probes.ts';
import { pull } from '../ship/registry.ts';
import type { Store } from '../store/types.ts';
import { openImage } from '../transports/index.ts';
import { transportOf } from '../transports/route.ts';
import { readSecretSource } from './secret-source.ts';
import { unpackBehind } from './unpack-behind.ts';

/** What the image of a service is called: its `image`, else `PROJECT-SERVICE`. */
export const imageNameOf = ({ name }: Project, service: Service): string => service.image ?? `${name}-${service.name}`;

export interface ImagesTools {
  readonly store: Store;
  readonly ctx: Context;
}

/** What every Dockerfile of a project is built with, besides what its service says. Bases that the store does not have are fetched, when nothing else is said. */
export type BuildDefaults = Omit<DockerfileOptions, 'dir' | 'file' | 'tags' | 'target'>;

export interface BuiltService {
  readonly service: string;
  readonly result: DockerfileResult;
}

/**
 * Builds every service that says how, one after the other: their steps share processors and caches.
 * @param unpacks make the root of each while the next one is built, for `up` to begin at once
 * @throws TareError as `buildDockerfile`
 */
export async function buildServices(
  project: Project,
  defaults: BuildDefaults,
  tools: ImagesTools,
  { unpacks = false }: { readonly unpacks?: boolean } = {},
): Promise<readonly BuiltService[]> {
  const built: BuiltService[] = [];
  const roots = unpacks ? unpackBehind(tools) : undefined;
  for (const service of project.services) {
    if (service.build === undefined) continue;
    tools.ctx.onEvent({ kind: 'step.started', step: `build ${service.name}` });
    const options = await dockerfileOptionsOf(project, service, service.build, defaults);
    const result = await buildDockerfile(options, tools).catch((error: unknown) => {
      throw missingDockerfile(error, service);
    });
    tools.ctx.onEvent({ kind: 'step.done', step: `build ${service.name}`, detail: result.reference });
    built.push({ service: service.name, result });
    roots?.add(result.reference);
  }
  await roots?.done();
  return built;
}

/** Says where the path comes from, which no folder on the command line has named. Other errors stay. */
function missingDockerfile(error: unknown, { at, build }: Service): unknown {
  if (
    !isTareError(error, 'E_PATH_NOT_FOUND') ||
    build === undefined ||
    !error.message.startsWith('there is no Dockerfile')
  )
    return error;
  return new TareError('E_PATH_NOT_FOUND', `${at}: ${error.message}`, {
    cause: error,
    hint: '`build:` names the folder, `dockerfile:` in it another file; an application that has none: `tare build FOLDER --name NAME`, and `image: NAME` in place of `build:`',
  });
}

async function dockerfileOptionsOf(
  project: Project,
  service: Service,
  build: ServiceBuild,
  defaults: BuildDefaults,
): Promise<DockerfileOptions> {
  if (/^(?:git@|(?:git|https?|ssh):\/\/)/.test(build.context))
    throw new TareError('E_COMPOSE_UNSUPPORTED', `${service.at}: the build context ${build.context} is not a folder`, {
      hint: 'clone it first, and name the folder',
    });
  const secrets = await Promise.all(
    build.secrets.map(
      async ({ id, source }) => [id, await readSecretSource(source, `${service.at}: the secret ${id}`)] as const,
    ),
  );
  const dockerfile = build.dockerfile ?? join(build.context, 'Dockerfile');
  return {
    pull: 'missing',
    ...defaults,
    dir: build.context,
    file: build.dockerfileInline === undefined ? dockerfile : 'Dockerfile (inline)',
    ...(build.dockerfileInline === undefined ? {} : { text: build.dockerfileInline }),
    tags: [imageNameOf(project, service), ...build.tags],
    ...(build.target === undefined ? {} : { target: build.target }),
    buildArgs: new Map([...Object.entries(build.args), ...(defaults.buildArgs ?? [])]),
    labels: new Map([...(defaults.labels ?? []), ...Object.entries(build.labels)]),
    contexts: new Map([...Object.entries(build.additionalContexts), ...(defaults.contexts ?? [])]),
    secrets: new Map([...(defaults.secrets ?? []), ...secrets]),
    ...(service.platform === undefined ? {} : { platform: service.platform }),
    ...(build.noCache ? { noCache: true } : {}),
  };
}

/**
 * What `tare shrink --file` made of the images of the services; of those that it leaves as they are, these.
 * @throws TareError E_IMAGE_NOT_FOUND
 */
export async function shrunkImagesOf(
  project: Project,
  images: ReadonlyMap<string, Image>,
  tools: ImagesTools,
): Promise<ReadonlyMap<string, Image>> {
  const small = new Map(images);
  for (const service of project.services) {
    if (!settingsOf(service).shrink) continue;
    const name = shrunkNameOf(project, service);
    try {
      small.set(service.name, await openImage(name, tools));
    } catch (error) {
      if (!isTareError(error, 'E_IMAGE_NOT_FOUND')) throw error;
      throw new TareError('E_IMAGE_NOT_FOUND', `${service.at}: ${service.name}: the store has no ${name}`, {
        cause: error,
        hint: 'make it first: `tare shrink --file FILE`',
      });
    }
  }
  return small;
}

/** The same without transport and digest. */
export function plainNameOf(project: Project, service: Service): string {
  const name = imageNameOf(project, service);
  return transportOf(name) === undefined ? name.replace(/@.*$/, '') : `${project.name}-${service.name}`;
}

/**
 * As `tare shrink` names what it makes: `team/web:1` → `team/web:1-shrunk`. Several services may have one image, and each needs something else of it: those
 * that are not called as it is have their name in it, `postgres:16` → `postgres:16-db-shrunk`. Other services of the project do not matter.
 */
export function shrunkNameOf(project: Project, service: Service): string {
  const name = plainNameOf(project, service);
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/:.*$/, '');
  const isOwn = last === service.name || last === `${project.name}-${service.name}`;
  return derivedName(name, isOwn ? 'shrunk' : `${service.name}-shrunk`);
}

/**
 * The image of every service: from the store, or behind its transport; one that the store does not have is built, when the service says how, else
 * fetched from its registry.
 * @throws TareError E_IMAGE_NOT_FOUND with the line of the service; what building and fetching throw
 */
export async function imagesOf(
  project: Project,
  defaults: BuildDefaults,
  tools: ImagesTools,
): Promise<ReadonlyMap<string, Image>> {
  const images = new Map<string, Image>();
  // What one service builds another may name as its image.
  const built = project.services.filter(({ build }) => build !== undefined);
  const others = project.services.filter(({ build }) => build === undefined);
  for (const service of [...built, ...others])
    images.set(service.name, await imageOf(project, service, defaults, tools));
  return images;
}

/** References that another process finds the same images by: digests, but for what other transports have. */
export function lastingReferences(
  project: Project,
  images: ReadonlyMap<string, Image>,
): Readonly<Record<string, string>> {
  const lasting = project.services.flatMap((service) => {
    const image = images.get(service.name);
    if (image === undefined) return [];
    const name = imageNameOf(project, service);
    return [[service.name, transportOf(name) === undefined ? image.descriptor.digest : name] as const];
  });
  return Object.fromEntries(lasting);
}

async function imageOf(
  project: Project,
  service: Service,
  defaults: BuildDefaults,
  tools: ImagesTools,
): Promise<Image> {
  const name = imageNameOf(project, service);
  const platform = service.platform === undefined ? {} : { platform: service.platform };
  try {
    return await openImage(name, { ...tools, ...platform });
  } catch (error) {
    if (!isTareError(error, 'E_IMAGE_NOT_FOUND') || transportOf(name) !== undefined)
      throw inService(error, service, name);
  }
  if (service.build !== undefined) await buildServices({ ...project, services: [service] }, defaults, tools);
  else await fetchImage(service, name, tools);
  return openImage(name, { ...tools, ...platform });
}

/** With its line. Errors that are none of tare stay. */
function inService(error: unknown, { at, name: service }: Service, image: string): unknown {
  if (!isTareError(error) || error.code === 'E_CANCELLED') return error;
  const hint = image.endsWith(':')
    ? 'its tag is empty: is a variable not set? `${TAG:-latest}` has a default'
    : error.hint;
  return new TareError(error.code, `${at}: ${service}: ${error.message}`, { cause: error, hint });
}

async function fetchImage(service: Service, name: string, tools: ImagesTools): Promise<void> {
  tools.ctx.onEvent({ kind: 'step.started', step: `pull ${name}` });
  try {
    await pull({ reference: name, ...tools });
  } catch (error) {
    if (!isTareError(error)) throw error;
    throw new TareError(error.code, `${service.at}: ${service.name}: the store has no ${name}, and ${error.message}`, {
      cause: error,
      hint: error.hint,
    });
  }
  tools.ctx.onEvent({ kind: 'step.done', step: `pull ${name}` });
}
