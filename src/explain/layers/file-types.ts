import { nameOf, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';

/** What a folder holds, whatever the names are. The first that fits counts. */
const FOLDERS: readonly (readonly [type: string, prefixes: readonly string[]])[] = [
  [
    'documentation',
    ['/usr/share/doc/', '/usr/share/man/', '/usr/share/info/', '/usr/share/help/', '/usr/local/share/man/'],
  ],
  ['translations', ['/usr/share/locale/', '/usr/share/i18n/', '/usr/lib/locale/']],
  ['package records', ['/var/lib/dpkg/', '/var/lib/apt/', '/var/lib/rpm/', '/lib/apk/']],
  ['caches and logs', ['/var/cache/', '/var/log/', '/var/tmp/', '/tmp/', '/root/.cache/', '/root/.npm/']],
  ['debug symbols', ['/usr/lib/debug/']],
];

const ENDINGS: readonly (readonly [type: string, endings: string])[] = [
  ['translations', 'mo po'],
  ['source maps', 'map'],
  ['shared libraries', 'so dylib'],
  ['static libraries', 'a lib o la'],
  ['native Node.js add-ons', 'node'],
  ['.NET assemblies', 'dll exe winmd'],
  ['debug symbols', 'debug pdb dbg'],
  ['Java archives', 'jar war ear class jmod jsa'],
  ['JavaScript', 'js mjs cjs jsx'],
  ['TypeScript', 'ts mts cts tsx'],
  ['Python', 'py pyi pyw'],
  ['compiled Python', 'pyc pyo'],
  ['headers and C source', 'h hh hpp hxx c cc cpp cxx inc'],
  ['other source', 'go rs rb php pl pm pod lua cs java swift f90'],
  ['shell scripts', 'sh bash zsh fish'],
  ['archives', 'tar gz tgz xz bz2 zst zip whl nupkg deb apk rpm gem crate 7z'],
  ['images and fonts', 'png jpg jpeg gif webp avif ico svg bmp woff woff2 ttf otf eot pcf'],
  ['certificates', 'crt pem cer der p12'],
  ['databases', 'db sqlite sqlite3 mdb dat'],
  ['text and settings', 'json yaml yml toml ini conf cfg xml htm html css md markdown rst txt csv list'],
];

const BY_ENDING: ReadonlyMap<string, string> = new Map(
  ENDINGS.flatMap(([type, endings]) => endings.split(' ').map((ending) => [ending, type] as const)),
);

/** What a folder says of the kind of all that is below it. */
export function folderTypeOf(folder: TreePath): string | undefined {
  const path = `${folder}/`;
  for (const [type, prefixes] of FOLDERS) for (const prefix of prefixes) if (path.startsWith(prefix)) return type;
  return undefined;
}

/**
 * What kind of file it is, by its path and mode: contents are not read.
 * @param folderType of its folder
 */
export function fileTypeOf({ mode, path }: Pick<Entry, 'mode' | 'path'>, folderType: string | undefined): string {
  if (folderType !== undefined) return folderType;
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  const found = dot <= 0 ? undefined : BY_ENDING.get(name.slice(dot + 1).toLowerCase());
  if (found !== undefined) return found;
  // libx.so.1.2
  if (name.includes('.so.') && /\.so(?:\.\d+)+$/.test(name)) return 'shared libraries';
  if ((mode & 0o111) !== 0) return 'programs';
  return dot > 0 ? 'other' : 'without an ending';
}
