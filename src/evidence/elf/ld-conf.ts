import { type ByteString, parentOf, type TreePath } from '../../base/path.ts';
import { parseLdConf } from '../../formats/ldconf/index.ts';
import { expandGlob } from '../glob.ts';
import type { Library } from './library.ts';

export const LD_SO_CONF = '/etc/ld.so.conf' as TreePath;

const MAX_CONF_BYTES = 1024 * 1024; // 1 MiB
/** Files of one configuration, all includes together. */
const MAX_FILES = 256;

/** The folders that `/etc/ld.so.conf` and what it includes name, in order. A file that includes itself is read once. */
export async function readLdConfFolders(library: Library): Promise<ByteString[]> {
  const folders: ByteString[] = [];
  const seen = new Set<TreePath>();
  const read = async (path: TreePath): Promise<void> => {
    if (seen.has(path) || seen.size >= MAX_FILES) return;
    seen.add(path);
    const bytes = await library.bytes(path, MAX_CONF_BYTES);
    if (bytes === undefined) return;
    for (const line of parseLdConf(Buffer.from(bytes).toString('latin1'))) {
      if ('directory' in line) folders.push(line.directory);
      else for (const included of expandGlob(library.tree, patternFrom(path, line.include))) await read(included);
    }
  };
  await read(LD_SO_CONF);
  return folders;
}

function patternFrom(file: TreePath, pattern: ByteString): ByteString {
  return pattern.startsWith('/') ? pattern : `${parentOf(file)}/${pattern}`;
}
