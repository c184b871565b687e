import { bytesOfText } from '../base/path.ts';
import { TareError } from '../base/error.ts';
import { readInside } from './inside-root.ts';

const MAX_DATABASE_BYTES = 1024 * 1024; // 1 MiB
const MAX_ID = 0xffff_fffe;

/** Who a process is, in numbers of the container. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

interface PasswdLine {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupLine {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * `user`, `uid`, `user:group`, `uid:gid` and mixtures, as image-spec config.md defines `User`: without a group the user's primary
 * and supplementary groups apply; with one, that group alone. Unknown numbers are taken as they are, with group 0.
 * @param rootfs or the folders that it is made of, lowest first
 * @throws TareError E_USER when a name is not in the root's /etc/passwd or /etc/group
 */
export function lookUpUser(rootfs: string | readonly string[], user: string): UserIds {
  const passwd = parsePasswd(readInside(rootfs, '/etc/passwd', MAX_DATABASE_BYTES) ?? '');
  const groups = parseGroup(readInside(rootfs, '/etc/group', MAX_DATABASE_BYTES) ?? '');
  const [who = '', group, ...more] = bytesOfText(user).split(':');
  if (more.length > 0) throw new TareError('E_USER', `user ${JSON.stringify(user)} is not USER[:GROUP]`);
  const number = who === '' ? 0 : idOf(who);
  const line = passwd.find((each) => (number === undefined ? each.name === who : each.uid === number));
  const uid = line?.uid ?? number;
  if (uid === undefined)
    throw new TareError('E_USER', `user ${JSON.stringify(user)} is not in the image's /etc/passwd`);
  const home = line?.home ?? (uid === 0 ? '/root' : '/');
  if (group !== undefined && group !== '') return { uid, gid: groupId(groups, group, user), additionalGids: [], home };
  const gid = line?.gid ?? 0;
  const extra = line === undefined ? [] : groups.filter((each) => each.members.includes(line.name) && each.gid !== gid);
  return { uid, gid, additionalGids: [...new Set(extra.map((each) => each.gid))], home };
}

function groupId(groups: readonly GroupLine[], group: string, user: string): number {
  const id = idOf(group) ?? groups.find((each) => each.name === group)?.gid;
  if (id === undefined)
    throw new TareError('E_USER', `the group of user ${JSON.stringify(user)} is not in the image's /etc/group`);
  return id;
}

function idOf(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

function parsePasswd(text: string): PasswdLine[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uidText = '', gidText = '', , home = ''] = line.split(':');
    const [uid, gid] = [idOf(uidText), idOf(gidText)];
    return name === '' || uid === undefined || gid === undefined
      ? []
      : [{ name, uid, gid, home: home === '' ? '/' : home }];
  });
}

function parseGroup(text: string): GroupLine[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gidText = '', members = ''] = line.split(':');
    const gid = idOf(gidText);
    return name === '' || gid === undefined
      ? []
      : [{ name, gid, members: members.split(',').filter((each) => each !== '') }];
  });
}
