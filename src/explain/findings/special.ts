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

function octalOf(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
