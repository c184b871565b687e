import { bytesOfText, type ByteString } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { expandGlob } from '../glob.ts';
import type { Edge, Question } from '../types.ts';

/** Functions by which a program asks for the locale of its environment. */
export const LOCALE_FUNCTIONS: readonly ByteString[] = ['setlocale', 'newlocale'];
const VARIABLES = ['LC_ALL', 'LC_CTYPE', 'LC_COLLATE', 'LC_MESSAGES', 'LC_MONETARY', 'LC_NUMERIC', 'LC_TIME', 'LANG'];
const FOLDER = '/usr/lib/locale';
const NAME = /^([\w-]+)(?:\.([\w-]+))?(@\w+)?$/;

/**
 * Data of the locales that the environment names (locale(7); glibc locale/findlocale.c: the name of the character set is taken in lower case and without
 * punctuation). What has no folder of its own is in the archive of all.
 */
export function localeEdges({ context, path }: Question, symbol: ByteString, tree: Tree): Edge[] {
  const edges: Edge[] = [];
  for (const variable of VARIABLES) {
    const value = context.env[variable] ?? '';
    const [, language, charset = '', modifier = ''] = NAME.exec(value) ?? [];
    if (language === undefined || ((language === 'C' || language === 'POSIX') && charset === '')) continue;
    const normal = charset === '' ? '' : `.${charset.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`;
    const names = new Set([`${language}${normal}${modifier}`, value]);
    const files = [...names].flatMap((name) =>
      ['*', '*/*'].flatMap((below) => expandGlob(tree, bytesOfText(`${FOLDER}/${name}/${below}`))),
    );
    const found = files.length > 0 ? files : expandGlob(tree, `${FOLDER}/locale-archive`);
    const because = `${variable}=${value} and ${symbol}, which reads it`;
    for (const to of found) edges.push({ from: path, to, kind: 'config', because, certainty: 'likely' });
  }
  return edges;
}
