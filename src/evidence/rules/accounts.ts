import type { ByteString, TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

/** A line of /etc/passwd (passwd(5)). */
export interface Account {
  readonly name: ByteString;
  readonly uid: number;
  readonly gid: number;
  readonly home: ByteString;
  readonly shell: ByteString;
}

/** A line of /etc/group (group(5)). */
export interface AccountGroup {
  readonly name: ByteString;
  readonly gid: number;
  readonly members: readonly ByteString[];
}

const MAX_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Linux takes -1 for "unchanged"; container runtimes take no more than 31 bits. */
const MAX_ID = 0x7fff_ffff;

/** The number that the text is, when it may be a user or group id. */
export function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

/** Malformed lines are passed over, as libc does. */
export async function readAccounts(tree: Tree, content: ContentReader): Promise<Account[]> {
  return (await linesOf(tree, content, '/etc/passwd' as TreePath)).flatMap((fields) => {
    const [name = '', , uidText = '', gidText = '', , home = '', shell = ''] = fields;
    const [uid, gid] = [idOf(uidText), idOf(gidText)];
    return name === '' || uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home, shell }];
  });
}

export async function readGroups(tree: Tree, content: ContentReader): Promise<AccountGroup[]> {
  return (await linesOf(tree, content, '/etc/group' as TreePath)).flatMap((fields) => {
    const [name = '', , gidText = '', members = ''] = fields;
    const gid = idOf(gidText);
    if (name === '' || gid === undefined) return [];
    return [{ name, gid, members: members.split(',').filter((member) => member !== '') }];
  });
}

async function linesOf(tree: Tree, content: ContentReader, path: TreePath): Promise<ByteString[][]> {
  const entry = tree.resolve(path)?.entry;
  if (entry?.content === undefined || entry.size > MAX_BYTES) return [];
  const text = Buffer.from(await content.read(entry)).toString('latin1');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
