import { textOfBytes } from '../../base/path.ts';
import { scanFor } from './scan.ts';
import type { RuntimeRule } from './types.ts';

/** Smaller ones are scripts, or load libnode. */
const MIN_BYTES = 5e6;
/** The address that it names as its release, `https://nodejs.org/download/release/v20.1.0/node-v20.1.0.tar.gz`. */
const MARK = { text: '/node-v', version: /^\/node-v(\d+\.\d+\.\d+)/ };

export const node: RuntimeRule = {
  looks: ({ mode, size }, name) => (name === 'node' || name === 'nodejs') && size >= MIN_BYTES && (mode & 0o111) !== 0,
  read: async (entry, { content }) => {
    const version = await scanFor(content, entry, MARK);
    return version === undefined ? undefined : { name: 'node', version, path: textOfBytes(entry.path) };
  },
};
