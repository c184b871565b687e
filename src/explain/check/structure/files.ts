import { nameOf, parentOf, joinPath, ROOT, textOfBytes } from '../../../base/path.ts';
import type { RunConfig } from '../../../oci/types.ts';
import type { ContentReader, Entry, Tree } from '../../../tree/types.ts';
import { pathInImage } from '../path-in-image.ts';
import type { Outcome } from '../types.ts';
import type { FileContentTest, FileExistenceTest } from './types.ts';
import { environmentOf, expand, mismatches, verdict } from './words.ts';

/** Larger files are not searched. */
const MAX_CONTENT_BYTES = 64 * 1024 ** 2; // 64 MiB

const EXECUTABLE = { any: 0o111, owner: 0o100, group: 0o010, other: 0o001 } as const;

export function fileExists(test: FileExistenceTest, tree: Tree, config: RunConfig): Outcome {
  const path = expand(test.path, environmentOf(config));
  const entry = entryAt(tree, path);
  const wrong: string[] = [];
  if (entry === undefined && test.shouldExist) wrong.push(`${path} is not there`);
  if (entry !== undefined && !test.shouldExist) wrong.push(`${path} is there, and should not be`);
  if (entry !== undefined) {
    const mode = goModeOf(entry);
    const { gid, isExecutableBy, permissions, uid } = test;
    if (permissions !== undefined && permissions !== mode) wrong.push(`permissions are ${mode}, not ${permissions}`);
    if (uid !== undefined && entry.uid !== uid) wrong.push(`it belongs to user ${entry.uid}, not ${uid}`);
    if (gid !== undefined && entry.gid !== gid) wrong.push(`it belongs to group ${entry.gid}, not ${gid}`);
    if (isExecutableBy !== undefined && (entry.mode & EXECUTABLE[isExecutableBy]) === 0)
      wrong.push(`it is not executable by ${isExecutableBy}: ${mode}`);
  }
  const fine = entry === undefined ? `${path} is not there` : `${path} is there`;
  return { ...verdict(test.name, wrong, fine), ...evidenceOf(wrong, path, entry) };
}

export async function fileHolds(
  test: FileContentTest,
  { config, content, tree }: { readonly config: RunConfig; readonly content: ContentReader; readonly tree: Tree },
): Promise<Outcome> {
  const path = expand(test.path, environmentOf(config));
  const inside = pathInImage(path);
  const entry = inside === undefined ? undefined : tree.resolve(inside)?.entry;
  const wrong =
    entry === undefined
      ? [`${path} is not there`]
      : entry.content === undefined
        ? [`${path} is a ${entry.type}, not a file`]
        : entry.size > MAX_CONTENT_BYTES
          ? [`${path} is larger than ${MAX_CONTENT_BYTES} bytes, and is not searched`]
          : mismatches(await textOf(entry, content), test.expected, test.excluded, path);
  return { ...verdict(test.name, wrong, `${path} holds what it should`), ...evidenceOf(wrong, path, entry) };
}

async function textOf(entry: Entry, content: ContentReader): Promise<string> {
  return Buffer.from(await content.read(entry)).toString('utf8');
}

function evidenceOf(wrong: readonly string[], path: string, entry: Entry | undefined): Pick<Outcome, 'evidence'> {
  if (wrong.length === 0) return {};
  const layer = entry?.layer === undefined ? {} : { layer: entry.layer };
  return {
    evidence: wrong.map((note) => ({ path: entry === undefined ? path : textOfBytes(entry.path), ...layer, note })),
  };
}

/** Links on the way are followed, the last one is not, as `docker cp` does. */
function entryAt(tree: Tree, text: string): Entry | undefined {
  const path = pathInImage(text);
  if (path === undefined || path === ROOT) return path && tree.get(path);
  const folder = tree.resolve(parentOf(path))?.entry;
  return folder?.type === 'directory' ? tree.get(joinPath(folder.path, nameOf(path))) : undefined;
}

/** As Go's fs.FileMode.String writes it: letters of the type and the special bits, `-` without any; then rwx thrice. */
export function goModeOf({ mode, type }: Pick<Entry, 'mode' | 'type'>): string {
  const letters = [
    type === 'directory' && 'd',
    type === 'symlink' && 'L',
    (type === 'char' || type === 'block') && 'D',
    type === 'fifo' && 'p',
    (mode & 0o4000) !== 0 && 'u',
    (mode & 0o2000) !== 0 && 'g',
    type === 'char' && 'c',
    (mode & 0o1000) !== 0 && 't',
  ].filter((letter) => letter !== false);
  const bits = Array.from('rwxrwxrwx', (letter, at) => ((mode & (0o400 >> at)) === 0 ? '-' : letter));
  return `${letters.join('') || '-'}${bits.join('')}`;
}
