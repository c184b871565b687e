import { joinPath, nameOf, pathOfText, type TreePath } from '../../base/path.ts';
import { fileAt, folderAt } from '../node/files.ts';
import type { Need } from './needs.ts';
import type { PythonProcess } from './process.ts';

const LOCALES = pathOfText('/usr/lib/locale');
/** glibc's table of character sets, which it reads when a locale has one (iconv/gconv_cache.c). */
const GCONV_FOLDERS = /^\/usr\/lib(?:64|\/[\w-]+-linux-gnu\w*)\/gconv$/;

/**
 * The locale that python sets at its start: of LC_ALL, LC_CTYPE or LANG, and C.UTF-8 where that would be C (PEP 538). Without its files python
 * runs in UTF-8 mode (PEP 540), so this is what it looks for rather than what it needs.
 */
export function localeNeeds({ context, tree }: PythonProcess): Need[] {
  const { env } = context;
  const named = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  const name = named === undefined || /^(?:C|POSIX)$/.test(named) ? 'C.UTF-8' : named;
  const [, language = '', codeset = '', modifier = ''] = /^([^.@]+)(?:\.([^@]+))?(@.*)?$/.exec(name) ?? [];
  const spellings = [name, `${language}.${codeset.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}${modifier}`];
  const because = `python sets the locale ${name}`;
  const out: Need[] = [];
  for (const spelling of new Set(spellings)) {
    if (spelling.includes('/') || spelling.startsWith('.')) continue;
    const folder = folderAt(tree, joinPath(LOCALES, spelling));
    if (folder !== undefined)
      out.push(...filesIn(folder.path).map((path): Need => ({ path, kind: 'opened', because, certainty: 'likely' })));
  }
  const archive = joinPath(LOCALES, 'locale-archive');
  if (out.length === 0 && language !== 'C' && fileAt(tree, archive) !== undefined)
    out.push({ path: archive, kind: 'opened', because, certainty: 'likely' });
  for (const folder of gconvFolders()) {
    const cache = joinPath(folder, 'gconv-modules.cache');
    if (fileAt(tree, cache) !== undefined) out.push({ path: cache, kind: 'opened', because, certainty: 'guess' });
  }
  return out;

  function filesIn(folder: TreePath): TreePath[] {
    return tree.children(folder).flatMap((entry) => {
      if (entry.type === 'directory') return tree.children(entry.path).map(({ path }) => path);
      return [entry.path];
    });
  }

  function gconvFolders(): TreePath[] {
    const lib = folderAt(tree, pathOfText('/usr/lib'));
    const folders =
      lib === undefined ? [] : tree.children(lib.path).filter(({ path }) => nameOf(path).includes('-linux-gnu'));
    return [...folders.map(({ path }) => joinPath(path, 'gconv')), pathOfText('/usr/lib64/gconv')].filter(
      (path) => GCONV_FOLDERS.test(path) && folderAt(tree, path) !== undefined,
    );
  }
}
