import { showPath } from '../../src/base/path.ts';
import type { ContentReader, Entry, Tree } from '../../src/tree/types.ts';

const LETTERS = { file: 'f', directory: 'd', symlink: 'l', hardlink: 'h', char: 'c', block: 'b', fifo: 'p' } as const;
const USUAL_MODES: Readonly<Record<string, number>> = { d: 0o755 };

/**
 * One line for each entry: `LETTER[MODE][@UID:GID] PATH[ = CONTENT][ -> TARGET][ MAJOR:MINOR][ {NAME=VALUE}]`. Mode 755 of folders, 644 of
 * all else, and owner 0:0 are left out; so are mode and owner of links.
 */
export async function describeTree(tree: Tree, content: ContentReader): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of tree.walk()) lines.push(await describeEntry(entry, content));
  return lines;
}

async function describeEntry(entry: Entry, content: ContentReader): Promise<string> {
  const letter = LETTERS[entry.type];
  const isLink = letter === 'l' || letter === 'h';
  const mode = isLink || entry.mode === (USUAL_MODES[letter] ?? 0o644) ? '' : entry.mode.toString(8);
  const owner = letter === 'h' || (entry.uid === 0 && entry.gid === 0) ? '' : `@${entry.uid}:${entry.gid}`;
  let line = `${letter}${mode}${owner} ${showPath(entry.path)}`;
  if (letter === 'f') line += ` = ${Buffer.from(await content.read(entry)).toString('latin1')}`;
  if (isLink) line += ` -> ${showPath(entry.link ?? '')}`;
  if (entry.device !== undefined && !isLink) line += ` ${entry.device.join(':')}`;
  if (letter !== 'h') {
    for (const [name, value] of entry.xattrs ?? []) line += ` {${name}=${Buffer.from(value).toString('latin1')}}`;
  }
  return line.trimEnd();
}
