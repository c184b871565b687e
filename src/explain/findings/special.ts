import { textOfBytes } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import type { Subject } from './subject.ts';
import type { SpecialFile, SpecialKind } from './types.ts';

const SETUID = 0o4000;
const SETGID = 0o2000;
const STICKY = 0o1000;
const WRITABLE_BY_ALL = 0o002;
const ANY_EXECUTE = 0o111;
const CAPABILITY = 'security.capability';

/** Files that give whoever runs them more than they have, and what everybody may write to. */
export function specialFiles({ tree }: Pick<Subject, 'tree'>): readonly SpecialFile[] {
  const found: SpecialFile[] = [];
  for (const entry of tree.walk()) {
    const kinds = kindsOf(entry);
    if (kinds.length > 0) found.push({ path: textOfBytes(entry.path), mode: octalOf(entry.mode), kinds });
  }
  return found;
}

/** Folders that all may write to are usual with the sticky bit; setgid means on folders only whose group files get. */
function kindsOf({ mode, type, xattrs }: Entry): SpecialKind[] {
  const isFile = type === 'file' || type === 'hardlink';
  if (!isFile && type !== 'directory') return [];
  const kinds: SpecialKind[] = [];
  if (isFile && (mode & SETUID) !== 0) kinds.push('setuid');
  // Without an execute bit, setgid asked for mandatory locks, and nothing now.
  if (isFile && (mode & SETGID) !== 0 && (mode & ANY_EXECUTE) !== 0) kinds.push('setgid');
  if (isFile && xattrs?.has(CAPABILITY) === true) kinds.push('capabilities');
  if ((mode & WRITABLE_BY_ALL) !== 0 && (isFile || (mode & STICKY) === 0)) kinds.push('world-writable');
  return kinds;
}

/** Kinds that give a process more rights than it had. */
const GIVES_RIGHTS: readonly SpecialKind[] = ['setuid', 'setgid', 'capabilities'];

export const rightsOf = ({ kinds }: SpecialFile): readonly SpecialKind[] =>
  kinds.filter((kind) => GIVES_RIGHTS.includes(kind));

/** As many as that, in their order. What everybody may write to is left out first: there may be thousands. */
export function mostSpecial(files: readonly SpecialFile[], limit: number): readonly SpecialFile[] {
  if (files.length <= limit) return files;
  const rights = files.filter((file) => rightsOf(file).length > 0);
  const rest = new Set(
    files.filter((file) => rightsOf(file).length === 0).slice(0, Math.max(0, limit - rights.length)),
  );
  return files.filter((file) => rest.has(file) || rightsOf(file).length > 0).slice(0, limit);
}

function octalOf(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
