import { textOfBytes } from '../../base/path.ts';
import { scanFor } from './scan.ts';
import type { RuntimeRule } from './types.ts';

/** Programs of Go hold their run time: they are larger. */
const MIN_BYTES = 5e5;
const MARK = { text: '\xff Go buildinf:', version: /^[^]{0,64}?go(\d+\.\d+(?:\.\d+)?)/ };

export const go: RuntimeRule = {
  looks: ({ mode, size }, name) => size >= MIN_BYTES && (mode & 0o111) !== 0 && !/\.[a-z]+$/.test(name),
  read: async (entry, { content }) => {
    const version = await scanFor(content, entry, MARK);
    return version === undefined ? undefined : { name: 'go', version, path: textOfBytes(entry.path) };
  },
};
