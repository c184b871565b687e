import { createHash } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { compareBytes } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';

/** Part of every digest: another number when the format changes. */
const VERSION = 'tare.selection.v1\n';
/** Records that are joined before they are hashed. */
const BATCH = 1024;

/** A letter for each type. A hard link is the file that it is a name of. */
export const TYPE_LETTERS: Readonly<Record<Entry['type'], string>> = {
  file: 'f',
  hardlink: 'f',
  directory: 'd',
  symlink: 'l',
  char: 'c',
  block: 'b',
  fifo: 'p',
};

/**
 * The digest of what a COPY takes: the same for the same files, whenever and wherever they were written. sha256 of `tare.selection.v1\n` and one record
 * for each path, in byte order of the paths:
 *
 *     LETTER MODE PATH NUL DETAIL NUL
 *
 * LETTER is one of f d l c b p. MODE: 07777 bits in octal; 777 for a link, whose own mode means nothing. DETAIL: sha256 of the content in hex, the target
 * of a link, `MAJOR:MINOR` of a device, else nothing. A hard link is the file that it is a name of: whether two files share an inode is an accident of
 * the checkout. Owners, times and extended attributes are no part of it. An entry that is given twice counts once.
 *
 * @param sha256Of hex, of the content of a file or hard link
 */
export function selectionDigest(entries: Iterable<Entry>, sha256Of: (entry: Entry) => string): Digest {
  const sorted = [...entries].sort((a, b) => compareBytes(a.path, b.path));
  const sum = createHash('sha256').update(VERSION);
  let batch: string[] = [];
  const flush = (): void => {
    sum.update(batch.join(''), 'latin1');
    batch = [];
  };
  for (const [index, entry] of sorted.entries()) {
    if (entry.path === sorted[index - 1]?.path) continue;
    batch.push(recordOf(entry, sha256Of));
    if (batch.length === BATCH) flush();
  }
  flush();
  return `sha256:${sum.digest('hex')}`;
}

function recordOf(entry: Entry, sha256Of: (entry: Entry) => string): string {
  const mode = entry.type === 'symlink' ? '777' : entry.mode.toString(8);
  return `${TYPE_LETTERS[entry.type]} ${mode} ${entry.path}\0${detailOf(entry, sha256Of)}\0`;
}

function detailOf(entry: Entry, sha256Of: (entry: Entry) => string): string {
  switch (entry.type) {
    case 'symlink':
      return entry.link ?? '';
    case 'char':
    case 'block':
      return entry.device?.join(':') ?? '';
    case 'file':
      return sha256Of(entry);
    case 'hardlink':
      // Of a device or a pipe it has none.
      return entry.content === undefined ? '' : sha256Of(entry);
    default:
      return '';
  }
}
