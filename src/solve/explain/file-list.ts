import { createHash } from 'node:crypto';
import { compareBytes, ROOT, showPath, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { TYPE_LETTERS } from '../context/selection.ts';
import type { Selected } from '../local/copy.ts';

/** What a copy took: path → type, mode, owner and the beginning of a digest of the content. */
export type FileList = ReadonlyMap<TreePath, string>;

/** More are not remembered one by one: the digest of all of them is enough to see that something changed. */
export const MAX_LISTED_FILES = 100_000;
export const MAX_LIST_BYTES = 32 * 1024 * 1024; // 32 MiB
/** Enough to tell two states of one file apart; nothing is trusted because of it. */
const DETAIL_DIGITS = 16;
/** So many paths are named. */
const MAX_NAMED = 3;

/** Undefined when there are too many. @param sha256Of hex, of a file */
export function fileListOf(selected: readonly Selected[], sha256Of: (entry: Entry) => string): FileList | undefined {
  const list = new Map<TreePath, string>();
  for (const { entry, inside } of selected) {
    if (list.size + inside.length >= MAX_LISTED_FILES) return undefined;
    for (const item of [entry, ...inside]) if (item.path !== ROOT) list.set(item.path, codeOf(item, sha256Of));
  }
  return list;
}

function codeOf(entry: Entry, sha256Of: (entry: Entry) => string): string {
  const { gid, mode, type, uid } = entry;
  const permissions = type === 'symlink' ? '777' : mode.toString(8);
  return `${TYPE_LETTERS[type]} ${permissions} ${uid}:${gid} ${detailOf(entry, sha256Of)}`;
}

function detailOf(entry: Entry, sha256Of: (entry: Entry) => string): string {
  const plain =
    entry.type === 'symlink'
      ? (entry.link ?? '')
      : entry.content === undefined
        ? (entry.device?.join(':') ?? '')
        : sha256Of(entry);
  if (entry.content !== undefined && (entry.xattrs?.size ?? 0) === 0) return plain.slice(0, DETAIL_DIGITS);
  const hash = createHash('sha256').update(plain);
  for (const [name, value] of entry.xattrs ?? []) hash.update(`\0${name}=`).update(value);
  return hash.digest('hex').slice(0, DETAIL_DIGITS);
}

/** One record for each path: `CODE TAB PATH NUL`, as bytes. */
export function encodeFileList(list: FileList): Buffer {
  let text = '';
  for (const [path, code] of list) text += `${code}\t${path}\0`;
  return Buffer.from(text, 'latin1');
}

/** Undefined when it is none. */
export function decodeFileList(bytes: Buffer): FileList | undefined {
  const list = new Map<TreePath, string>();
  if (bytes.length > 0 && bytes.at(-1) !== 0) return undefined;
  for (const record of bytes.toString('latin1').split('\0').slice(0, -1)) {
    const tab = record.indexOf('\t');
    if (tab === -1 || list.size > MAX_LISTED_FILES) return undefined;
    list.set(record.slice(tab + 1) as TreePath, record.slice(0, tab));
  }
  return list;
}

interface FileChange {
  readonly path: TreePath;
  readonly how: string;
  readonly isFolder: boolean;
}

/** `src/app.js modified, lib/x.js added (2 of 310 files)`; undefined when the lists say the same. */
export function changesInWords(before: FileList, after: FileList): string | undefined {
  const changes: FileChange[] = [];
  for (const [path, code] of after) {
    const old = before.get(path);
    if (old !== code) changes.push({ path, how: howOf(old, code), isFolder: code.startsWith('d') });
  }
  for (const [path, code] of before)
    if (!after.has(path)) changes.push({ path, how: 'removed', isFolder: code.startsWith('d') });
  // A folder that comes or goes with its files is no news of its own.
  const files = changes.filter(({ how, isFolder }) => !isFolder || (how !== 'added' && how !== 'removed'));
  const told = (files.length === 0 ? changes : files).sort((a, b) => compareBytes(a.path, b.path));
  if (told.length === 0) return undefined;
  const named = told.slice(0, MAX_NAMED).map(({ how, path }) => `${showPath(path.slice(1))} ${how}`);
  const more = told.length > named.length ? ` and ${told.length - named.length} more` : '';
  const total = Math.max(countOf(before), countOf(after), told.length);
  return `${named.join(', ')}${more} (${told.length} of ${total} ${total === 1 ? 'file' : 'files'})`;
}

const countOf = (list: FileList): number => {
  let count = 0;
  for (const code of list.values()) if (!code.startsWith('d')) count += 1;
  return count;
};

function howOf(before: string | undefined, after: string): string {
  if (before === undefined) return 'added';
  const [oldType, oldMode, oldOwner, oldDetail] = before.split(' ');
  const [type, mode, owner, detail] = after.split(' ');
  if (type !== oldType) return 'is of another type';
  if (detail !== oldDetail) return 'modified';
  if (mode !== oldMode) return `changed its mode from ${oldMode} to ${mode}`;
  return `changed its owner from ${oldOwner} to ${owner}`;
}
