import { TareError } from '../../base/error.ts';
import type { TreePath } from '../../base/path.ts';
import type { Changes } from './changes.ts';
import type { FileSystem } from './result.ts';

const MAX_DATABASE_BYTES = 1024 * 1024; // 1 MiB
const MAX_ID = 0xffff_fffe;

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `user`, `uid`, `user:group` and mixtures, looked up in the root that is written to. A name without a group brings its own group; a number without one is the
 * group as well (Dockerfile reference, COPY --chown).
 * @throws TareError E_USER when a name is not there
 */
export async function ownerOf(owner: string, changes: Changes, root: FileSystem): Promise<OwnerIds> {
  const [who = '', group, ...more] = owner.split(':');
  if (more.length > 0) throw new TareError('E_USER', `the owner ${JSON.stringify(owner)} is not USER[:GROUP]`);
  const number = who === '' ? 0 : idOf(who);
  const named = number === undefined ? await lookUp(who, '/etc/passwd', changes, root) : undefined;
  const uid = number ?? idOf(named?.[2] ?? '');
  if (uid === undefined) throw unknown(owner, 'user', '/etc/passwd');
  if (group === undefined || group === '') return { uid, gid: number ?? idOf(named?.[3] ?? '') ?? 0 };
  const gid = idOf(group) ?? idOf((await lookUp(group, '/etc/group', changes, root))?.[2] ?? '');
  if (gid === undefined) throw unknown(owner, 'group', '/etc/group');
  return { uid, gid };
}

const unknown = (owner: string, what: string, where: string): TareError =>
  new TareError('E_USER', `the ${what} of the owner ${JSON.stringify(owner)} is not in ${where} of the image`, {
    hint: `name it by number, or add it in a RUN before`,
  });

/** The fields of its line. */
async function lookUp(
  name: string,
  file: string,
  changes: Changes,
  root: FileSystem,
): Promise<readonly string[] | undefined> {
  const entry = changes.get(changes.follow(file as TreePath));
  if (entry === undefined || (entry.type !== 'file' && entry.type !== 'hardlink')) return undefined;
  const bytes = await root.content.read(entry, { offset: 0, size: MAX_DATABASE_BYTES });
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return lines.map((line) => line.split(':')).find(([known]) => known === name);
}

function idOf(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}
