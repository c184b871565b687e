import { bytesOfText, type ByteString, type TreePath } from '../../../base/path.ts';
import { learn } from '../../facts.ts';
import { expandGlob } from '../../glob.ts';
import { findFile } from '../../shell/search.ts';
import type { Entry } from '../../../tree/types.ts';
import type { AnalyserTools } from '../../types.ts';
import type { Interpreter, Wanted } from './types.ts';
import { wholeFolders } from './whole-folders.ts';

const MAX_SOURCE_BYTES = 4 * 1024 * 1024; // 4 MiB
const MAX_MODULES = 20_000;
/** `use X::Y`, `require X::Y`, `use parent 'X::Y'`, `-MX::Y`. */
const MODULE =
  /(?:^|[;{}])[ \t]*(?:use[ \t]+(?:parent|base)[ \t]+([^;]+)|(?:use|require|no)[ \t]+([A-Za-z_]\w*(?:::\w+)*))/gm;
const NAMES = /[A-Za-z_]\w*(?:::\w+)*/g;

/**
 * Perl: the modules that a script uses, and theirs, looked up as @INC has them; of Debian's smallest set (perl-base) all, for it is what the language itself asks for
 * at run time (`utf8`, `Carp`, tables of Unicode).
 */
export const perl: Interpreter = {
  programs: /^perl(?:5[\d.]*)?$/,
  wanted: async (prefix, { context }, tools) => {
    const { tree } = tools;
    const folders = [
      ...(context.env['PERL5LIB'] ?? '')
        .split(':')
        .filter((text) => text.startsWith('/'))
        .map(bytesOfText),
      '/etc/perl',
      `${prefix}/local/lib/*/perl/*`,
      `${prefix}/local/share/perl/*`,
      `${prefix}/lib/*/perl5/*`,
      `${prefix}/share/perl5`,
      `${prefix}/lib/*/perl-base`,
      `${prefix}/lib/*/perl/[0-9]*`,
      `${prefix}/share/perl/[0-9]*`,
      `${prefix}/lib/perl5/[0-9]*`,
      `${prefix}/lib/perl5/*/[0-9]*`,
      `${prefix}/share/perl5/*_perl`,
    ].flatMap((pattern) => expandGlob(tree, pattern));
    const base = wholeFolders(tree, [`${prefix}/lib/*/perl-base`], 'modules that Perl itself asks for');
    const starts = context.argv.slice(1).flatMap((word) => {
      const place = word.startsWith('-') ? undefined : findFile(tree, bytesOfText(word), [context.cwd]);
      return place?.entry.content === undefined ? [] : [place.entry];
    });
    const options = context.argv.flatMap((word) => /^-[mM]([A-Za-z_][\w:]*)/.exec(word)?.[1] ?? []).map(bytesOfText);
    const own = await modules([...starts], options, [...folders, context.cwd, `${context.cwd}/lib` as TreePath], tools);
    return [...base, ...own];
  },
};

async function modules(
  starts: readonly Entry[],
  options: readonly ByteString[],
  folders: readonly TreePath[],
  tools: AnalyserTools,
): Promise<Wanted[]> {
  const { tree } = tools;
  const found = new Map<TreePath, Wanted>();
  const seen = new Set<ByteString>();
  const pending = [...starts];
  const want = (name: ByteString): void => {
    if (seen.has(name) || seen.size >= MAX_MODULES) return;
    seen.add(name);
    const file = name.replaceAll('::', '/');
    for (const folder of folders) {
      const place = findFile(tree, `${folder}/${file}.pm`, []);
      if (place?.entry.content === undefined) continue;
      found.set(place.path, { path: place.path, because: `the module ${name}`, certainty: 'likely', kind: 'opened' });
      pending.push(place.entry);
      // What is autoloaded or compiled of a module lies in a folder of its own (AutoLoader, XSLoader).
      for (const base of folders)
        for (const wanted of wholeFolders(tree, [`${base}/auto/${file}`], `the module ${name}`))
          if (!found.has(wanted.path)) found.set(wanted.path, wanted);
      return;
    }
  };
  for (const name of options) want(name);
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop())
    for (const name of await namesIn(entry, tools)) want(name);
  return [...found.values()];
}

async function namesIn(entry: Entry, { content, facts }: AnalyserTools): Promise<readonly ByteString[]> {
  if (entry.size > MAX_SOURCE_BYTES) return [];
  return learn(facts, entry, 'perl modules 2', async () => {
    const text = Buffer.from(await content.read(entry))
      .toString('latin1')
      .replace(/^__(?:END|DATA)__$[^]*/m, '');
    const names = new Set<ByteString>();
    for (const [, list, name] of text.matchAll(MODULE)) {
      if (name !== undefined) names.add(name);
      for (const inner of list?.match(NAMES) ?? []) names.add(inner);
    }
    return [...names];
  });
}
