import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isTareError } from '../base/error.ts';
import { makeFolder, readIfThere, replaceCached } from './files.ts';
import { NO_CACHE, type LayerCacheOptions } from './layer-cache-options.ts';
import { placeOf, stampAt } from './layer-place.ts';
import { makeLayout } from './layout.ts';
import { storePaths } from './paths.ts';
import type { LayersQuestion, Store } from './types.ts';

/** See `Store.recall`. A file for each answer, its name made of all that it depends on; the first line is the sum of the rest. */
export function createAnswers({ blobs, frozen = false, home }: LayerCacheOptions): Pick<Store, 'recall' | 'remember'> {
  const paths = storePaths(home);
  const folder = join(paths.own, 'answers');

  const fileOf = async ({ about, layers, source }: LayersQuestion): Promise<string> => {
    const hash = createHash('sha256').update(JSON.stringify(about));
    for (const layer of layers) {
      const place = await placeOf(source, layer, blobs);
      const stamp = place === undefined ? undefined : await stampAt(place);
      hash.update(`\n${layer.digest} ${layer.size} ${JSON.stringify(stamp ?? null)}`);
    }
    return join(folder, hash.digest('hex'));
  };

  return {
    recall: async (question) => {
      try {
        const text = (await readIfThere(await fileOf(question)))?.toString('utf8') ?? '';
        const answer = text.slice(text.indexOf('\n') + 1);
        return text.startsWith(`${sumOf(answer)}\n`) ? answer : undefined;
      } catch (error) {
        if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
        throw error;
      }
    },
    remember: async (question, answer) => {
      if (frozen) return;
      try {
        await makeLayout(paths);
        await makeFolder(folder);
        await replaceCached(paths, await fileOf(question), `${sumOf(answer)}\n${answer}`);
      } catch (error) {
        if (!NO_CACHE.some((code) => isTareError(error, code))) throw error;
      }
    },
  };
}

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');
