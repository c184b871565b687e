import { isTareError } from '../../base/error.ts';
import { textOfBytes } from '../../base/path.ts';
import { isElf, readElfFrom } from '../../formats/elf/index.ts';
import { type GoBuildInfo, readGoBuildInfo } from '../../formats/gobuild/index.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import type { RuntimeRule } from './types.ts';

/** Programs of Go hold their run time: they are larger. */
const MIN_BYTES = 300_000;

export const go: RuntimeRule = {
  looks: ({ mode, size }) => size >= MIN_BYTES && (mode & 0o111) !== 0,
  read: async (entry, { content }) => {
    const build = await goBuildOf(content, entry);
    return build === undefined
      ? undefined
      : { name: 'go', version: goRelease(build.goVersion), path: textOfBytes(entry.path) };
  },
};

/** What the Go linker wrote into a program; undefined for all that is not one. */
export async function goBuildOf(content: ContentReader, entry: Entry): Promise<GoBuildInfo | undefined> {
  const read = (offset: number, size: number): Promise<Uint8Array> => content.read(entry, { offset, size });
  if (entry.size < MIN_BYTES || !isElf(await read(0, 4))) return undefined;
  try {
    return await readGoBuildInfo(read, entry.size, await readElfFrom(read, entry.size, { sections: 'tolerant' }));
  } catch (error) {
    if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return undefined;
    throw error;
  }
}

/** `go1.22.5` → `1.22.5`; others, such as `devel go1.23-0123abc`, stay as they are. */
export function goRelease(version: string): string {
  return /^go\d/.test(version) ? version.slice(2) : version;
}
