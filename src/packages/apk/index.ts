import { parentOf, pathOfText, textOfBytes, type TreePath } from '../../base/path.ts';
import {
  apkFieldOf,
  encodeApkInstalled,
  parseApkInstalled,
  type ApkFolder,
  type ApkStanza,
} from '../../formats/apkindex/index.ts';
import type { Entry } from '../../tree/types.ts';
import type { Manager } from '../manager.ts';
import { ownership, type Claim } from '../ownership.ts';
import { fileAt, readRecord, recordedPath, recordEntry, tolerated } from '../record-files.ts';

/** The second is where apk 3 has it on a system with merged /usr. */
const RECORDS = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'].map(pathOfText);
const PROGRAMS = new Set(['/bin', '/sbin', '/usr/bin', '/usr/sbin']);
/** Lines that speak of the whole package and are not true of a part of it: sizes, dependencies, what it provides, triggers, replaces, commit, priority. */
const DROPPED = 'SIDpirqkc';

interface Installed extends Claim {
  readonly stanza: ApkStanza;
}

/** Alpine and Wolfi: `lib/apk/db/installed`. */
export const apkDb: Manager = async ({ content, tree, warn }) => {
  const record = RECORDS.map((path) => fileAt(tree, path)).find((entry) => entry !== undefined);
  if (record === undefined) return undefined;
  const stanzas = await tolerated(record.path, warn, async () =>
    parseApkInstalled(await readRecord(content, record), textOfBytes(record.path)),
  );
  const packages = (stanzas ?? []).flatMap((stanza) => installedOf(stanza, record.path));
  if (packages.length === 0) return undefined;
  const owners = ownership(tree, packages, { followed: isApplet });
  return {
    manager: 'apk',
    packages: packages.map((item) => item.pkg),
    owner: owners.owner,
    files: owners.files,
    lacks: owners.lacks,
    // oxlint-disable-next-line typescript/require-await -- a Manager's answer is a promise, and others do read
    reduced: async (kept) => {
      const parts = packages
        .filter((item) => owners.keepsAny(item, kept))
        .map(({ stanza }) => reducedStanza(stanza, (path) => owners.keeps(path, kept)));
      return parts.length === 0 || kept(record.path) ? [] : [recordEntry(record.path, encodeApkInstalled(parts))];
    },
  };
};

function installedOf(stanza: ApkStanza, record: TreePath): Installed[] {
  const name = apkFieldOf(stanza, 'P');
  if (name === undefined || name === '') return [];
  const architecture = apkFieldOf(stanza, 'A');
  const paths = stanza.folders.flatMap((folder) => [
    ...pathsOf(folder.path),
    ...folder.files.flatMap((file) => pathsOf(`${folder.path}/${file.name}`)),
  ]);
  const pkg = {
    manager: 'apk',
    name: textOfBytes(name),
    version: textOfBytes(apkFieldOf(stanza, 'V') ?? ''),
    ...(architecture === undefined ? {} : { architecture: textOfBytes(architecture) }),
    record,
  } as const;
  return [{ pkg, stanza, paths: () => paths }];
}

function pathsOf(bytes: string): TreePath[] {
  const path = recordedPath(bytes);
  return path === undefined || path === '/' ? [] : [path];
}

/** `/bin/ls` → `/bin/busybox`: made by a trigger, in no list; `apk info --who-owns` looks at the target, too. */
function isApplet(link: Entry, target: TreePath): boolean {
  return PROGRAMS.has(parentOf(link.path)) && PROGRAMS.has(parentOf(target));
}

/** The fields that stay true, and of folders and files those that are kept, so that the record claims nothing that is not there. */
function reducedStanza(stanza: ApkStanza, keeps: (path: TreePath) => boolean): Pick<ApkStanza, 'fields' | 'folders'> {
  const folders = stanza.folders.flatMap((folder): ApkFolder[] => {
    const files = folder.files.filter((file) => pathsOf(`${folder.path}/${file.name}`).some(keeps));
    return files.length === 0 ? [] : [{ ...folder, files }];
  });
  return { fields: stanza.fields.filter(([letter]) => !DROPPED.includes(letter)), folders };
}
