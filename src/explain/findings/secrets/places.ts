import { bytesOfText, isInside, nameOf, ROOT, type TreePath } from '../../../base/path.ts';
import type { ImageConfig } from '../../../oci/types.ts';
import { recordedPath } from '../../../packages/record-files.ts';
import { isNamedLikeSecret } from './named-rules.ts';

/** Where applications are, beside the working folder. */
const APPLICATION_FOLDERS = [
  '/app',
  '/code',
  '/home',
  '/opt',
  '/root',
  '/srv',
  '/usr/src',
  '/var/www',
  '/workspace',
] as TreePath[];
/** A working folder here does not make the system an application. */
const SYSTEM_FOLDERS = new Set(['/', '/bin', '/dev', '/etc', '/lib', '/proc', '/sbin', '/sys', '/tmp', '/usr', '/var']);
/** What everybody can download is no secret: dependencies, documentation, sources of tool chains. */
const PUBLIC =
  /\/(?:node_modules|site-packages|dist-packages|gems|\.cargo\/registry|pkg\/mod|\.m2\/repository|\.nuget\/packages)\/|^\/usr\/(?:local\/)?share\/(?:doc|man|perl)\/|^\/usr\/(?:local\/)?(?:go|lib\/(?:go|python)[^/]*|lib\/perl[^/]*)\//;
/** Keys in such folders are made to be published, and one that Debian makes for tests of TLS. */
const TEST_KEYS =
  /\/(?:tests?|testdata|__tests__|fixtures?|specs?|examples?|samples?)\/|^\/etc\/ssl\/private\/ssl-cert-snakeoil\.key$|\/(?:trust-?store|cacerts)[^/]*$/i;
/** Changed by commands of the build, whoever owns the file. */
const NEVER_PUBLIC = /^\/etc\/shadow-?$/;
const BINARY_NAME =
  /\.(?:7z|a|avif|br|bz2|class|dat|db|dll|eot|exe|gif|gz|ico|jar|jpe?g|mo|mp[34]|node|nupkg|o|otf|pdf|pdb|png|pyc|rpm|so|svg|tar|tgz|ttf|war|wasm|webp|whl|woff2?|xz|zip|zst)$/i;

/** Small texts of applications are read whole. */
const MAX_TEXT_BYTES = 256 * 1024; // 256 KiB

export interface Places {
  /** How a file is to be looked at: by the rules of its name, only for what tells itself by its form, or not at all. */
  readonly meaning: (path: TreePath, size: number) => 'named' | 'text' | undefined;
}

/** Which files of an image may hold a secret. @param isOwned whether a package has the path */
export function placesOf({ config }: ImageConfig, isOwned: (path: TreePath) => boolean): Places {
  const workingFolder = recordedPath(bytesOfText(config?.WorkingDir ?? '')) ?? ROOT;
  const folders = SYSTEM_FOLDERS.has(workingFolder) ? APPLICATION_FOLDERS : [...APPLICATION_FOLDERS, workingFolder];
  return {
    meaning: (path, size) => {
      if (size === 0) return undefined;
      const isNamed = isNamedLikeSecret(path);
      if (!isNamed && (size > MAX_TEXT_BYTES || !folders.some((folder) => isInside(folder, path)))) return undefined;
      if (!isNamed && BINARY_NAME.test(nameOf(path))) return undefined;
      if (NEVER_PUBLIC.test(path)) return 'named';
      return PUBLIC.test(path) || isOwned(path) ? undefined : isNamed ? 'named' : 'text';
    },
  };
}

/** Whether a key in that file may be taken for one that is no secret. */
export function isTestKey(path: TreePath, kind: string): boolean {
  return /^(?:private key|key store)/.test(kind) && TEST_KEYS.test(path);
}
