import { dirname, isAbsolute, join } from 'node:path';
import { TareError } from '../base/error.ts';
import {
  canonicalFile,
  interpolateNode,
  parseComposeFile,
  type MapNode,
  type Problems,
  type Source,
} from '../formats/compose/index.ts';
import type { ProjectFile } from './find-files.ts';
import { readText } from './read-text.ts';
import type { Env } from './variables.ts';

/** Of a whole project, with those of `include` and `extends`. */
const MAX_FILES = 200;

/** What is shared while the files of one project are read. */
export interface Loading {
  readonly problems: Problems;
  /** Absolute, in the order of reading. */
  readonly files: Set<string>;
}

/** One file, with its variables filled in and its short forms written out. */
export async function loadFile(
  file: ProjectFile,
  dir: string,
  env: Env,
  loading: Loading,
  place?: string,
): Promise<MapNode> {
  const raw = await rawFile(file, dir, loading, place);
  return canonicalFile(interpolateNode(raw, env, loading.problems), loading.problems);
}

export async function rawFile(
  file: ProjectFile,
  dir: string,
  loading: Pick<Loading, 'files'>,
  place?: string,
): Promise<MapNode> {
  const source: Source = { name: file.name, dir };
  loading.files.add(file.path);
  if (loading.files.size > MAX_FILES)
    throw new TareError('E_LIMIT', `${file.name}: the project has more than ${MAX_FILES} files`);
  return parseComposeFile(
    await readText(file.path, { name: file.name, ...(place === undefined ? {} : { place }) }),
    source,
  );
}

/** A file that another one names. */
export function besides(from: ProjectFile, path: string, written: string): ProjectFile {
  return { path, name: isAbsolute(written) || written.startsWith('~') ? path : join(dirname(from.name), written) };
}
