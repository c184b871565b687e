import { inflateRawSync } from 'node:zlib';
import { isTareError, TareError } from '../../base/error.ts';
import { nameOf, quotePath, textOfBytes, type TreePath } from '../../base/path.ts';
import { attributesOf } from '../../evidence/java/manifest.ts';
import { METHOD_DEFLATE, METHOD_STORE, type ReadAt, readZipDirectory, zipDataOffset } from '../../formats/zip/index.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { fileWord, runtimeStart } from './programs.ts';
import type { Detector, Start, StartInput } from './types.ts';

/** Where builders put the archive: the folder itself, Maven, Gradle. */
const FOLDERS = ['', '/target', '/build/libs'];
/** What builders put beside it. */
const BESIDE = /-(?:sources|javadoc|tests?|test-sources|plain|original|tests-javadoc)\.jar$|^original-/;
/** Archives of one folder that are looked into. */
const MAX_JARS = 1000;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024; // 4 MiB

/** The only archive with a Main-Class: in the folder, else where Maven, else where Gradle puts it. */
export const fromJava: Detector = async (input) => {
  const { app, content, tree } = input;
  for (const folder of FOLDERS) {
    const at = `${app === '/' ? '' : app}${folder}` as TreePath;
    const jars = tree
      .children(folder === '' ? app : at)
      .filter((entry) => entry.type === 'file' && entry.path.endsWith('.jar') && !BESIDE.test(nameOf(entry.path)));
    const runnable: Entry[] = [];
    for (const jar of jars.slice(0, MAX_JARS))
      if ((await manifestOf(content, jar))?.has('main-class') === true) runnable.push(jar);
    const [only] = runnable;
    if (only === undefined) continue;
    if (runnable.length > 1) {
      const names = runnable.map((entry) => quotePath(fileWord(app, entry.path))).join(', ');
      throw new TareError('E_AMBIGUOUS_ENTRY', `the folder holds several archives with a Main-Class: ${names}`, {
        hint: 'say which one: `tare build --entry FILE.jar`, or `entry:` in tare.yaml',
      });
    }
    return started(input, only.path, `the Main-Class of ${textOfBytes(nameOf(only.path))}`);
  }
  return undefined;
};

/** An archive that the user names. */
export async function javaEntry(input: StartInput, path: TreePath): Promise<Start> {
  const entry = input.tree.resolve(path)?.entry;
  const attributes = entry === undefined ? undefined : await manifestOf(input.content, entry);
  if (attributes?.has('main-class') === true) return started(input, path, '--entry');
  throw new TareError('E_NO_ENTRY', `the entry ${quotePath(path)} has no Main-Class in its manifest`, {
    hint: 'name the class in tare.yaml: `entrypoint: [java, -cp, FILE.jar, CLASS]`',
  });
}

function started(input: StartInput, jar: TreePath, because: string): Start {
  const { java } = input.runtimes;
  if (java === undefined) {
    throw new TareError(
      'E_NO_RUNTIME',
      `the application needs Java, and the warehouse has no \`java\` in ${input.searchPath.join(':')}`,
      { hint: 'install a JRE, set JAVA_HOME, or take it from an image: `tare build --from IMAGE`' },
    );
  }
  return runtimeStart(java, ['-jar', fileWord(input.app, jar)], { because, module: jar });
}

/** The main attributes of an archive's manifest; undefined when there is none that can be read. */
async function manifestOf(content: ContentReader, entry: Entry): Promise<ReadonlyMap<string, string> | undefined> {
  const read: ReadAt = (offset, size) => content.read(entry, { offset, size });
  try {
    const members = await readZipDirectory(read, entry.size);
    const member = members.find((item) => item.name === 'META-INF/MANIFEST.MF');
    if (member === undefined || member.encrypted || member.size > MAX_MANIFEST_BYTES) return undefined;
    if (member.method !== METHOD_STORE && member.method !== METHOD_DEFLATE) return undefined;
    const data = await read(await zipDataOffset(read, entry.size, member), member.compressedSize);
    const bytes =
      member.method === METHOD_STORE ? data : inflateRawSync(data, { maxOutputLength: Math.max(1, member.size) });
    return attributesOf(Buffer.from(bytes).toString('latin1'));
  } catch (error) {
    // A file that only has the name of an archive starts nothing; zlib's errors have codes of their own.
    if (isTareError(error, 'E_ZIP') || isTareError(error, 'E_LIMIT')) return undefined;
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) return undefined;
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}
