import { randomUUID } from 'node:crypto';
import { lstat, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf, isDigest, sha256, type Digest } from '../../base/digest.ts';
import { errnoOf } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import { canonical } from '../digest.ts';
import { decodeFileList, encodeFileList, MAX_LIST_BYTES, type FileList } from './file-list.ts';
import type { StepText } from './align.ts';

/** A step of the last build. */
export interface RememberedStep extends StepText {
  readonly key: Digest;
  /** As `StepKey.parts`. */
  readonly parts: Readonly<Record<string, string>>;
}

/** What is known of the last build of one Dockerfile, context, target and platform. */
export interface BuildMemory {
  /** `pruned`: there was one, and `tare prune --cache` took it away. */
  readonly state: 'none' | 'pruned' | 'there';
  readonly steps: readonly RememberedStep[];
  /** What a copy took, by the digest of it that is part of the key. Undefined when there were too many files, or it is damaged. */
  list(content: string): Promise<FileList | undefined>;
  /**
   * Takes the place of what was known. `listOf`: for a digest that is not known yet. A home that cannot be written remembers nothing.
   */
  save(steps: readonly RememberedStep[], listOf: (content: string) => FileList | undefined): Promise<void>;
}

/** What tells one build from another. Only a digest of it is kept. */
export interface BuildIdentity {
  /** Real paths on the host. */
  readonly dockerfile: string;
  readonly context: string;
  readonly target: string;
  readonly platform: string;
}

const STEPS_FILE = 'steps.json';
const MAX_STEPS_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Instead of the folder, until the next build or prune. */
const PRUNED = '.pruned';

const folderOf = (home: string): string => join(home, 'tare', 'solve', 'memory');

/** In `<home>/tare/solve/memory/<digest>/`: the steps, and a file for each list. */
export async function openBuildMemory(home: string, identity: BuildIdentity): Promise<BuildMemory> {
  const dir = join(folderOf(home), hexOf(sha256(canonical(identity))));
  const text = await textIfThere(join(dir, STEPS_FILE));
  const steps = text === undefined ? undefined : stepsOf(text);
  const state = steps !== undefined ? 'there' : (await isThere(`${dir}${PRUNED}`)) ? 'pruned' : 'none';
  return {
    state,
    steps: steps ?? [],
    list: (content) => (isDigest(content) ? readList(join(dir, hexOf(content))) : Promise.resolve(undefined)),
    save: async (fresh, listOf) => {
      try {
        await save(dir, { text, fresh, listOf });
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
    },
  };
}

interface Saving {
  /** As it stands there. */
  readonly text: string | undefined;
  readonly fresh: readonly RememberedStep[];
  readonly listOf: (content: string) => FileList | undefined;
}

async function save(dir: string, { fresh, listOf, text: old }: Saving): Promise<void> {
  const text = `${JSON.stringify({ version: 1, steps: fresh })}\n`;
  if (text === old) {
    const now = new Date();
    // Used just now: see `pruneBuildCache`.
    await utimes(dir, now, now);
    return;
  }
  if (text.length > MAX_STEPS_BYTES) return;
  makeFolders(dir);
  const there = new Set(await readdir(dir));
  const wanted = new Set(fresh.flatMap(({ parts }) => contentsOf(parts)).map(hexOf));
  for (const name of wanted) {
    const list = there.has(name) ? undefined : listOf(`sha256:${name}`);
    if (list !== undefined) await replace(join(dir, name), encodeFileList(list));
  }
  await replace(join(dir, STEPS_FILE), text);
  for (const name of there) if (name !== STEPS_FILE && !wanted.has(name)) await rm(join(dir, name), { force: true });
  await rm(`${dir}${PRUNED}`, { force: true });
}

/** The parts of a key that say what a step copies. */
const contentsOf = (parts: RememberedStep['parts']): readonly Digest[] =>
  Object.entries(parts).flatMap(([name, value]) => (name.startsWith('files ') && isDigest(value) ? [value] : []));

async function replace(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * What `prune` deletes, by path: removes it, and leaves a mark, so that the next build can say why it knows nothing. Marks from before the last prune go.
 * @param remove of a folder
 */
export async function forgetBuilds(
  home: string,
  doomed: readonly string[],
  remove: (path: string) => Promise<void>,
): Promise<void> {
  const folder = folderOf(home);
  for (const name of await namesIn(folder)) if (name.endsWith(PRUNED)) await rm(join(folder, name), { force: true });
  for (const path of doomed) {
    await remove(path);
    await writeFile(`${path}${PRUNED}`, '').catch((error: unknown) => {
      if (errnoOf(error) === undefined) throw error;
    });
  }
}

/** The folders of `<home>/tare/solve/memory` by path: one for each build that is remembered. */
export async function rememberedBuilds(home: string): Promise<readonly string[]> {
  const folder = folderOf(home);
  return (await namesIn(folder)).filter((name) => !name.endsWith(PRUNED)).map((name) => join(folder, name));
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

function stepsOf(text: string): readonly RememberedStep[] | undefined {
  try {
    const value = JSON.parse(text) as { readonly version?: unknown; readonly steps?: unknown } | null;
    if (value?.version !== 1 || !Array.isArray(value.steps)) return undefined;
    return value.steps.every(isStep) ? value.steps : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isStep(value: unknown): value is RememberedStep {
  if (typeof value !== 'object' || value === null) return false;
  const { key, op, parts, text } = value as Partial<Record<keyof RememberedStep, unknown>>;
  if (typeof key !== 'string' || !isDigest(key) || typeof text !== 'string' || (op !== 'exec' && op !== 'file'))
    return false;
  return typeof parts === 'object' && parts !== null && Object.values(parts).every((part) => typeof part === 'string');
}

async function textIfThere(file: string): Promise<string | undefined> {
  return (await bytesIfThere(file, MAX_STEPS_BYTES))?.toString('utf8');
}

async function readList(file: string): Promise<FileList | undefined> {
  const bytes = await bytesIfThere(file, MAX_LIST_BYTES);
  return bytes === undefined ? undefined : decodeFileList(bytes);
}

async function bytesIfThere(file: string, limit: number): Promise<Buffer | undefined> {
  try {
    return (await stat(file)).size > limit ? undefined : await readFile(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
