import { pathOfText } from '../../base/path.ts';
import { readSmallText } from './small-text.ts';
import type { Subject } from './subject.ts';
import type { User } from './types.ts';

const PASSWD = pathOfText('/etc/passwd');
const MAX_PASSWD_BYTES = 4 * 1024 * 1024; // 4 MiB
/** The largest user ID that a Linux kernel has. */
const MAX_UID = 2 ** 32 - 2;

/** Who the image runs as. `user:group`, names before numbers, as run times read it (image-spec config.md, "User"). */
export async function userOf({ content, image, tree }: Pick<Subject, 'content' | 'image' | 'tree'>): Promise<User> {
  const text = image.config.config?.User ?? '';
  const [name = ''] = text.split(':');
  if (name === '') return { text, uid: 0, root: true };
  const passwd = (await readSmallText(tree, content, PASSWD, MAX_PASSWD_BYTES)) ?? '';
  const uid = uidIn(passwd, name) ?? numberOf(name) ?? (name === 'root' ? 0 : null);
  return { text, uid, root: uid === 0 };
}

/** The first line of that name (passwd(5)); run times pass over blanks before it. */
function uidIn(passwd: string, name: string): number | null {
  for (const line of passwd.split('\n')) {
    const [found, , uid = ''] = line.trimStart().split(':', 3);
    if (found === name) return numberOf(uid);
  }
  return null;
}

function numberOf(text: string): number | null {
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return uid <= MAX_UID ? uid : null;
}
