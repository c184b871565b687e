import { spawn } from 'node:child_process';
import { errnoOf } from '../base/error.ts';
import type { ByteString } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import type { Target } from './unpack-target.ts';

/** What is kept of the complaints of setfattr. */
const MAX_STDERR_CHARS = 2000;

/**
 * Sets the extended attributes of all entries with one run of setfattr(1): Node has no call for it. Without root only those of
 * the name space `user.`. What could not be set is told in one warning.
 */
export async function restoreXattrs(
  target: Target,
  entries: readonly Entry[],
  skipped: ReadonlySet<string>,
): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const dump: string[] = [];
  let refused = 0;
  for (const entry of entries) {
    // A hard link's are those of its file.
    if (entry.xattrs === undefined || entry.type === 'hardlink' || skipped.has(entry.path)) continue;
    const lines: string[] = [];
    for (const [name, value] of entry.xattrs) {
      // An empty one cannot be written in base64.
      const text = value.length === 0 ? '""' : `0s${Buffer.from(value).toString('base64')}`;
      if (isRoot || name.startsWith('user.')) lines.push(`${quoted(name)}=${text}\n`);
      else refused += 1;
    }
    if (lines.length > 0) dump.push(`# file: ${quoted(`.${entry.path}`)}\n${lines.join('')}\n`);
  }
  if (refused > 0) target.warn('xattrs-skipped', `${refused} extended attributes that only root may set were left out`);
  if (dump.length === 0) return;
  const why = await setfattr(target.dir, dump.join(''));
  if (why !== undefined) target.warn('xattrs-skipped', `not all extended attributes could be set: ${why}`);
}

/** As attr's own tools write it: octal for what would end the line or the name, and for all that is not plain ASCII. */
function quoted(name: ByteString): string {
  return name.replace(/[^\x20-\x7e]|[\\=]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Undefined, or what was wrong. */
function setfattr(cwd: string, dump: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn('setfattr', ['--no-dereference', '--restore=-'], { cwd, stdio: ['pipe', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      if (stderr.length < MAX_STDERR_CHARS) stderr += text;
    });
    // It may end before it has read all.
    child.stdin.on('error', (error) => {
      if (errnoOf(error) !== 'EPIPE') reject(error);
    });
    child.on('error', (error) => {
      if (errnoOf(error) === 'ENOENT') resolve('there is no setfattr on PATH (package attr)');
      else reject(error);
    });
    child.on('close', (code) => resolve(code === 0 ? undefined : stderr.slice(0, MAX_STDERR_CHARS).trim()));
    child.stdin.end(dump);
  });
}
