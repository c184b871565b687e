import { TareError } from '../../base/error.ts';
import { bytesOfText, cleanPath, type ByteString, type TreePath } from '../../base/path.ts';
import { type Account, type AccountGroup, idOf, readAccounts, readGroups } from './accounts.ts';
import { joinFindings, makeFile, place } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const PASSWD = '/etc/passwd' as TreePath;
const GROUP = '/etc/group' as TreePath;
/** The id that images without a distribution agree on, and its usual name. */
const NONROOT = { id: 65532, name: 'nonroot' };
/** Of a user that was given as a number. */
const PLAIN_NAME = 'app';
const NO_LOGIN = '/sbin/nologin';
const ROOT_USER: Account = { name: 'root', uid: 0, gid: 0, home: '/', shell: NO_LOGIN };
const ROOT_GROUP: AccountGroup = { name: 'root', gid: 0, members: [] };

/**
 * `/etc/passwd` and `/etc/group` with root and the user that the image runs as, and nobody else. A user given by name is taken from the tree's own
 * files, with the groups that it is a member of. Home is `/` unless the home folder is in the image.
 */
export const user: Rule = {
  name: 'user',
  async apply(input: RuleInput): Promise<Findings> {
    const { content, options, tree } = input;
    const [userText = '', groupText] = options.user.split(':', 2);
    const known = { accounts: await readAccounts(tree, content), groups: await readGroups(tree, content) };
    const group =
      groupText === undefined || groupText === '' ? undefined : groupOf(groupText, known.groups, options.user);
    const account = accountOf(userText, group, known.accounts, options.user);
    const shown = withWhatIsThere(input, account);
    const accounts = account.name === ROOT_USER.name ? [{ ...shown, gid: 0 }] : [ROOT_USER, shown];
    const groups = groupsOf(account, group, known.groups, idOf(userText) === undefined);
    return joinFindings([
      place(tree, makeFile(PASSWD, accounts.map(passwdLine).join('')), {
        rule: 'user',
        because: `names root and the user ${options.user} that the image runs as`,
      }),
      place(tree, makeFile(GROUP, groups.map(groupLine).join('')), {
        rule: 'user',
        because: `names the groups of root and of the user ${options.user}`,
      }),
    ]);
  },
};

function accountOf(
  text: string,
  group: AccountGroup | undefined,
  accounts: readonly Account[],
  whole: string,
): Account {
  const uid = idOf(text);
  const plain = { home: '/', shell: NO_LOGIN };
  if (uid === 0 || text === 'root') return { ...ROOT_USER, gid: group?.gid ?? 0 };
  if (uid !== undefined) {
    const name = uid === NONROOT.id ? NONROOT.name : PLAIN_NAME;
    return { ...plain, name, uid, gid: group?.gid ?? uid };
  }
  const name = bytesOfText(text);
  const known = accounts.find((account) => account.name === name);
  if (known !== undefined) return known;
  if (text === NONROOT.name) return { ...plain, name, uid: NONROOT.id, gid: group?.gid ?? NONROOT.id };
  throw unknown('user', text, PASSWD, whole);
}

function groupOf(text: string, groups: readonly AccountGroup[], whole: string): AccountGroup {
  const gid = idOf(text);
  if (gid === 0 || text === 'root') return ROOT_GROUP;
  if (gid !== undefined) return { name: gid === NONROOT.id ? NONROOT.name : PLAIN_NAME, gid, members: [] };
  const name = bytesOfText(text);
  const known = groups.find((group) => group.name === name);
  if (known !== undefined) return { ...known, members: [] };
  if (text === NONROOT.name) return { name, gid: NONROOT.id, members: [] };
  throw unknown('group', text, GROUP, whole);
}

function unknown(what: 'user' | 'group', text: string, file: TreePath, whole: string): TareError {
  const why = text === '' ? 'is empty' : `is not in ${file} of the warehouse, and is no id`;
  return new TareError('E_CONFIG', `user: the ${what} of ${JSON.stringify(whole)} ${why}`, {
    hint: 'give numbers, such as 65532:65532, or a name that the warehouse knows',
  });
}

/** Root's group, the primary group, the one asked for, and those that a named user is a member of; each id and each name once. */
function groupsOf(
  account: Account,
  asked: AccountGroup | undefined,
  known: readonly AccountGroup[],
  named: boolean,
): AccountGroup[] {
  const primary = (named ? known.find((group) => group.gid === account.gid) : undefined) ?? {
    name: account.name,
    gid: account.gid,
  };
  const wanted: AccountGroup[] = [ROOT_GROUP, ...(asked === undefined ? [] : [asked]), { ...primary, members: [] }];
  for (const group of named ? known : [])
    if (group.members.includes(account.name)) wanted.push({ ...group, members: [account.name] });
  return wanted.filter(
    (group, at) => wanted.findIndex((other) => other.gid === group.gid || other.name === group.name) === at,
  );
}

/** A record should not promise a home or a shell that the image lacks. */
function withWhatIsThere({ graph, tree }: RuleInput, account: Account): Account {
  const kept = (text: ByteString): boolean => {
    if (!text.startsWith('/') || text.includes('/../')) return false;
    const found = tree.resolve(cleanPath(text))?.entry.path;
    return found !== undefined && graph.has(found);
  };
  return {
    ...account,
    home: kept(account.home) ? account.home : '/',
    shell: kept(account.shell) ? account.shell : NO_LOGIN,
  };
}

function passwdLine({ gid, home, name, shell, uid }: Account): string {
  return `${name}:x:${uid}:${gid}:${name}:${home}:${shell}\n`;
}

function groupLine({ gid, members, name }: AccountGroup): string {
  return `${name}:x:${gid}:${members.join(',')}\n`;
}
