import { joinPath, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { bufferOf, scanFor } from './scan.ts';
import type { RuntimeInput, RuntimeRule } from './types.ts';

/** `lib/server/libjvm.so`, before Java 9 `jre/lib/amd64/server/libjvm.so`: so far above is the home. */
const LEVELS_UP = 5;
const MAX_RELEASE_BYTES = 64 * 1024; // 64 KiB
/** What `java -version` says of the machine: `OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE (17.0.15+6)`. */
const MARK = { text: 'JRE (', version: /^JRE \((?:build )?(\d+(?:[._]\d+)*)/ };

/** By its virtual machine: what else a Java home has may have been left out. */
export const java: RuntimeRule = {
  looks: (_entry, name) => name === 'libjvm.so',
  read: async (entry, input) => {
    const homes = homesOf(entry);
    const version = (await releaseIn(homes, input)) ?? (await scanFor(input.content, entry, MARK)) ?? null;
    const program = homes.map((home) => input.tree.get(joinPath(joinPath(home, 'bin'), 'java'))).find(Boolean);
    return { name: 'java', version, path: textOfBytes(program?.path ?? entry.path) };
  },
};

/** The folders above that may be its home, the nearest first. */
function homesOf({ path }: Entry): readonly TreePath[] {
  const homes: TreePath[] = [];
  for (let at = parentOf(path); homes.length < LEVELS_UP && at !== '/'; at = parentOf(at)) homes.push(at);
  return homes;
}

/** `JAVA_VERSION` of the file `release` (JEP 223). */
async function releaseIn(homes: readonly TreePath[], { content, tree }: RuntimeInput): Promise<string | undefined> {
  for (const home of homes) {
    const file = tree.get(joinPath(home, 'release'));
    if (file?.content === undefined || file.size > MAX_RELEASE_BYTES) continue;
    const version = /^JAVA_VERSION="?([\w.+-]{1,64})/m.exec(bufferOf(await content.read(file)).toString('latin1'))?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}
