import { dirname, join, relative, resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';

/** In the order of preference, as docker compose looks for them. */
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const OVERRIDES = [
  'compose.override.yaml',
  'compose.override.yml',
  'docker-compose.override.yaml',
  'docker-compose.override.yml',
];

export interface ProjectFile {
  /** Absolute. */
  readonly path: string;
  /** As messages call it. */
  readonly name: string;
}

/** Files that were named, from `cwd` on. */
export function namedFiles(files: readonly string[], cwd: string): readonly ProjectFile[] {
  return files.map((name) => ({ path: resolve(cwd, name), name }));
}

/** The Compose file of a folder or of the nearest one above it, with its override. @throws TareError E_COMPOSE when there is none */
export async function findFiles(start: string, cwd: string): Promise<readonly ProjectFile[]> {
  for (let dir = start; ; dir = dirname(dir)) {
    const main = await firstOf(dir, NAMES);
    if (main !== undefined) {
      const override = await firstOf(dir, OVERRIDES);
      return [main, ...(override === undefined ? [] : [override])].map((path) => ({ path, name: nameFrom(cwd, path) }));
    }
    if (dir === dirname(dir)) break;
  }
  throw new TareError('E_COMPOSE', `there is no compose.yaml in ${JSON.stringify(start)} or in a folder above it`, {
    hint: 'name the file: --file FILE',
  });
}

/** The Compose file of this very folder, as it would be typed. */
export const composeFileIn = (dir: string): Promise<string | undefined> => firstOf(dir, NAMES);

/** Relative where that is not longer. */
function nameFrom(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return name.length < path.length ? name : path;
}

async function firstOf(dir: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(dir, name);
    if (await isFile(path)) return path;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EACCES') return false;
    throw fromErrno(error, `cannot look at ${JSON.stringify(path)}`);
  }
}
