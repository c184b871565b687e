import { join } from 'node:path';
import { createContext } from '../../../src/base/context.ts';
import { findingsOf, type Findings } from '../../../src/explain/findings/index.ts';
import type { ImageConfig } from '../../../src/oci/types.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage, type LayerContent } from '../../helpers/images.ts';
import { tempDir } from '../../helpers/temp.ts';

/** What is found in an image of these layers. */
export async function findingsIn(
  layers: readonly LayerContent[],
  config: Partial<ImageConfig> = {},
): Promise<Findings> {
  const store = await openStore({ home: join(tempDir(), 'home') });
  const ctx = createContext();
  await makeImage({ store, layers, name: 'made', config });
  const tools = { image: await openImage('made', { store, ctx }), store, ctx };
  const found = await findingsOf(tools);
  // What is remembered is the same.
  const again = await findingsOf(tools);
  if (JSON.stringify(again) !== JSON.stringify(found)) throw new Error('the second answer is another one');
  return found;
}
