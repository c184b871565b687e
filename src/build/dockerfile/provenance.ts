import { basename, relative, resolve } from 'node:path';
import { maskedValues, present } from '../../attest/provenance/parameters.ts';
import { filesResource, imageResource, isLockFile, type HashedFile } from '../../attest/provenance/resources.ts';
import type { BuildFacts, Resource } from '../../attest/provenance/types.ts';
import { hexOf, sha256 } from '../../base/digest.ts';
import { compareBytes, textOfBytes } from '../../base/path.ts';
import { platformText } from '../../oci/platform.ts';
import { verticesInOrder } from '../../solve/local/inputs.ts';
import { shownSource, type FetchedSource } from '../../solve/local/remote-source.ts';
import type { BuildGraph } from '../../solve/types.ts';
import type { DockerfileOptions } from './types.ts';

/**
 * From what a Dockerfile became an image: itself, the base images of all stages that took part, the files that steps took from build contexts, downloads and commits. What
 * a daemon has fetched is known by its URL alone.
 */
export function dockerfileFacts(input: {
  readonly options: DockerfileOptions;
  /** Of the Dockerfile. */
  readonly text: string;
  readonly graph: BuildGraph;
  readonly fetched: readonly FetchedSource[];
  /** By the name of the context. */
  readonly taken: ReadonlyMap<string, readonly HashedFile[]>;
}): BuildFacts {
  const { fetched, graph, options, taken, text } = input;
  return {
    type: 'dockerfile',
    parameters: parametersOf(options, graph),
    dependencies: [
      { name: 'dockerfile', digest: { sha256: hexOf(sha256(text)) } },
      ...sourcesOf(graph, fetched),
      ...[...taken].filter(([, files]) => files.length > 0).flatMap(([name, files]) => contextResources(name, files)),
    ],
  };
}

function sourcesOf(graph: BuildGraph, fetched: readonly FetchedSource[]): readonly Resource[] {
  return verticesInOrder(graph.target).flatMap((vertex): readonly Resource[] => {
    if (vertex.op !== 'source') return [];
    const { source } = vertex;
    if (source.kind === 'image') return [imageResource('base', source)];
    if (source.kind !== 'http' && source.kind !== 'git') return [];
    const url = shownSource(source);
    const digest = fetched.find((item) => item.kind === source.kind && item.url === url)?.digest;
    if (source.kind === 'http')
      return [{ name: 'download', uri: url, ...(digest === undefined ? {} : { digest: { sha256: digest } }) }];
    const uri = url.replace(/^(?:git\+)?/, 'git+').replace('#', '@');
    return [{ name: 'git', uri, ...(digest === undefined ? {} : { digest: { gitCommit: digest } }) }];
  });
}

function contextResources(name: string, files: readonly HashedFile[]): readonly Resource[] {
  return [
    filesResource(name, files),
    ...files
      .filter(({ path }) => isLockFile(path))
      .map(({ path, sha256: hex }) => ({ name: `${name}/${textOfBytes(path)}`, digest: { sha256: hex } })),
  ];
}

/** Of secrets, agents and folders only what they are called. */
function parametersOf(options: DockerfileOptions, { platform }: BuildGraph): BuildFacts['parameters'] {
  const {
    allow = [],
    buildArgs = [],
    compression,
    contexts,
    engine,
    epoch,
    hostCa,
    hosts = [],
    labels = [],
    network,
  } = options;
  const { secrets, ssh, target } = options;
  const names = (map: ReadonlyMap<string, unknown> = new Map()): readonly string[] =>
    [...map.keys()].sort(compareBytes);
  return present({
    dockerfile: nameOf(options),
    platform: platformText(platform),
    target,
    buildArgs: maskedValues(buildArgs),
    labels: maskedValues(labels),
    compression,
    contexts: names(contexts),
    network,
    hosts,
    allow,
    hostCa: hostCa === true ? true : undefined,
    secrets: names(secrets),
    ssh: names(ssh),
    epoch,
    executor: engine === undefined ? 'local' : 'buildkit',
  });
}

/** In the build context; outside of it, without the folder. */
function nameOf({ dir, file, text }: DockerfileOptions): string {
  if (text !== undefined) return basename(file);
  const inside = relative(resolve(dir), resolve(file));
  return inside.startsWith('..') ? basename(file) : inside;
}
