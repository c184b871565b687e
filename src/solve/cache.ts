import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf, isDigest, type Digest } from '../base/digest.ts';
import { errnoOf } from '../base/error.ts';
import { makeFolders } from '../base/folders.ts';
import type { StepLayer } from './local/layers.ts';

/** What is remembered of a step that was run: under its key, the layer that came of it. */
export interface StepRecord {
  /** For people. */
  readonly name: string;
  /** `null`: it changed nothing. */
  readonly layer: StepLayer | null;
}

export interface StepCache {
  find(key: Digest): Promise<StepRecord | undefined>;
  remember(key: Digest, record: StepRecord): Promise<void>;
}

const MAX_RECORD_BYTES = 64 * 1024;
/** Records below `<home>/tare/solve/steps`, one small file each. One that is missing or damaged is none; a home that cannot be written remembers nothing. */
export function openStepCache(home: string): StepCache {
  const dir = join(home, 'tare', 'solve', 'steps');
  const fileOf = (key: Digest): string => join(dir, hexOf(key).slice(0, 2), `${hexOf(key)}.json`);
  return {
    find: async (key) => {
      try {
        const text = await readFile(fileOf(key), 'utf8');
        if (text.length > MAX_RECORD_BYTES) return undefined;
        return recordOf(JSON.parse(text));
      } catch (error) {
        if (error instanceof SyntaxError || errnoOf(error) !== undefined) return undefined;
        throw error;
      }
    },
    remember: async (key, record) => {
      const file = fileOf(key);
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        makeFolders(join(file, '..'));
        await writeFile(temporary, `${JSON.stringify(record)}\n`, { flag: 'wx' });
        await rename(temporary, file);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

/** Undefined when it is none. */
export function recordOf(value: unknown): StepRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { layer, name } = value as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return undefined;
  if (layer === null) return { name, layer };
  if (typeof layer !== 'object') return undefined;
  const { diffId, size } = layer as Readonly<Record<string, unknown>>;
  const sound = typeof diffId === 'string' && isDigest(diffId) && Number.isSafeInteger(size) && Number(size) >= 0;
  return sound ? { name, layer: { diffId, size: size as number } } : undefined;
}
