import { nameOf, parentOf, pathOfText, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import type { Manager } from '../manager.ts';
import { ownership } from '../ownership.ts';
import { folderAt } from '../record-files.ts';
import type { Package } from '../types.ts';
import { readStatus, readStatusFolder } from './installed.ts';
import { reduceRecords } from './reduce.ts';

const HOME = pathOfText('/var/lib/dpkg');
/** Where packages ship links to; what lies elsewhere was put there by somebody else. */
const SYSTEM_FOLDER = /^\/(?:etc|lib[^/]*|usr\/(?!local\/)[^/]+)\//;
const ALTERNATIVES = '/etc/alternatives/';

/** Debian and its descendants: `status` with `info/*.list`, or the `status.d` of distroless images. */
export const dpkgDb: Manager = async (input) => {
  const home = folderAt(input.tree, HOME);
  if (home === undefined) return undefined;
  const packages = [...(await readStatus(home, input)), ...(await readStatusFolder(home, input))];
  if (packages.length === 0) return undefined;
  const linkless = new Set<Package>(packages.filter((item) => item.source === 'sums').map((item) => item.pkg));
  const owners = ownership(input.tree, packages, {
    followed: (link, target, owner) => isAlternative(link) || (linkless.has(owner) && isShippedWith(link, target)),
  });
  return {
    manager: 'dpkg',
    packages: packages.map((item) => item.pkg),
    owner: owners.owner,
    files: owners.files,
    lacks: owners.lacks,
    reduced: (kept) => reduceRecords(home, packages, kept, { input, owners }),
  };
};

/** update-alternatives(1): `/usr/bin/awk` → `/etc/alternatives/awk` → `/usr/bin/mawk`; the first two are in no list. */
function isAlternative(link: Entry): boolean {
  return link.path.startsWith(ALTERNATIVES) || (link.link ?? '').startsWith(ALTERNATIVES);
}

/**
 * `libz.so.1` → `libz.so.1.2.13`, `/usr/lib64/ld-linux-x86-64.so.2` → `../lib/…/ld-linux-x86-64.so.2`: an `.md5sums` names the file alone, the
 * package ships both.
 */
function isShippedWith(link: Entry, target: TreePath): boolean {
  if (parentOf(link.path) === parentOf(target)) return true;
  return nameOf(link.path) === nameOf(target) && SYSTEM_FOLDER.test(link.path);
}
