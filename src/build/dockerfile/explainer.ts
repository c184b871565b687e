import { realpath } from 'node:fs/promises';
import { dirname, join, resolve, basename } from 'node:path';
import { errnoOf } from '../../base/error.ts';
import { platformText } from '../../oci/platform.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { createExplainer, type Explainer } from '../../solve/explain/explainer.ts';
import { openBuildMemory } from '../../solve/explain/memory.ts';
import type { BuildGraph } from '../../solve/types.ts';
import type { Store } from '../../store/types.ts';
import type { DockerfileOptions } from './types.ts';

/** Remembers a build by its Dockerfile, context, target and platform, and compares it with the last one. */
export async function explainerFor(
  options: DockerfileOptions,
  { file, graph, store }: { readonly file: Dockerfile; readonly graph: BuildGraph; readonly store: Store },
): Promise<Explainer> {
  const identity = {
    dockerfile: options.text === undefined ? await realPath(options.file) : basename(options.file),
    context: await realPath(options.dir),
    target: options.target ?? '',
    platform: platformText(graph.platform),
  };
  return createExplainer({
    memory: await openBuildMemory(store.home, identity),
    target: graph.target,
    args: argumentsOf(file),
    noCache: options.noCache ?? false,
  });
}

/** A name that ENV sets as well has the value of ENV. */
function argumentsOf({ globals, stages }: Dockerfile): ReadonlySet<string> {
  const names = new Set(globals.flatMap(({ args }) => args.map(({ key }) => key.value)));
  const instructions = stages.flatMap((stage) => stage.instructions);
  for (const item of instructions) if (item.kind === 'ARG') for (const { key } of item.args) names.add(key.value);
  for (const item of instructions) if (item.kind === 'ENV') for (const { key } of item.pairs) names.delete(key.value);
  return names;
}

/** The folder above is there where the file is not. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(whole) === whole) return whole;
    return join(await realPath(dirname(whole)), basename(whole));
  }
}
