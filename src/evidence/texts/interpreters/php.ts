import { type ByteString, nameOf, type TreePath } from '../../../base/path.ts';
import { expandGlob } from '../../glob.ts';
import type { AnalyserTools } from '../../types.ts';
import type { Interpreter, Wanted } from './types.ts';
import { wholeFolders } from './whole-folders.ts';

const MAX_INI_BYTES = 1024 * 1024; // 1 MiB

/** PHP: its settings (php.ini and the folder that is scanned), and the extensions that those name (php.net, "The configuration file"; `extension_dir`). */
export const php: Interpreter = {
  programs: /^(?:php(?:-fpm|-cgi|dbg)?[\d.]*|libphp[\d.]*\.so)$/,
  wanted: async (prefix, { entry }, tools) => {
    const { tree } = tools;
    // Debian has a folder for each way of running it: `/etc/php/8.2/fpm`.
    const version = /(\d+\.\d+)(?:\.so)?$/.exec(nameOf(entry.path))?.[1] ?? '*';
    const way = /fpm|cgi|dbg|^lib/.exec(nameOf(entry.path))?.[0] ?? 'cli';
    const folder = { lib: 'apache2', dbg: 'phpdbg' }[way] ?? way;
    const settings = wholeFolders(
      tree,
      [`/etc/php/${version}/${folder}`, `${prefix}/etc/php`, `${prefix}/etc/php-fpm.d`, '/etc/php[0-9]*', '/etc/php.d'],
      'configures PHP',
    ).map((wanted): Wanted => ({ ...wanted, kind: 'config' }));
    for (const text of ['/etc/php.ini', `${prefix}/etc/php-fpm.conf`, `${prefix}/lib/php.ini`] as TreePath[])
      if (tree.resolve(text) !== undefined)
        settings.push({ path: text, because: 'configures PHP', certainty: 'likely', kind: 'config' });
    const folders = [
      `/usr/lib/php/2*`,
      `${prefix}/lib/php/extensions/*`,
      `${prefix}/lib/php[0-9]*/modules`,
      `${prefix}/lib*/php/modules`,
    ];
    // Debian's PHP takes time zones from the system instead of a table of its own.
    const zones = entry.path.startsWith('/usr/bin/')
      ? wholeFolders(tree, ['/usr/share/zoneinfo'], 'time zones for PHP', /\/(?:posix|right)$/)
      : [];
    return [...settings, ...zones, ...(await extensions(settings, folders, tools))];
  },
};

async function extensions(
  settings: readonly Wanted[],
  folders: readonly ByteString[],
  { content, tree }: AnalyserTools,
): Promise<Wanted[]> {
  const found = new Map<TreePath, Wanted>();
  for (const { path } of settings) {
    const entry = tree.resolve(path)?.entry;
    if (!path.endsWith('.ini') || entry?.content === undefined || entry.size > MAX_INI_BYTES) continue;
    const text = Buffer.from(await content.read(entry)).toString('latin1');
    for (const [, name = ''] of text.matchAll(
      /^[ \t]*(?:zend_)?extension[ \t]*=[ \t]*"?([\w./-]+?)(?:\.so)?"?[ \t]*(?:;.*)?$/gm,
    )) {
      const patterns = name.startsWith('/') ? [`${name}.so`] : folders.map((folder) => `${folder}/${name}.so`);
      for (const to of patterns.flatMap((pattern) => expandGlob(tree, pattern)))
        found.set(to, {
          path: to,
          because: `the extension ${name} of ${nameOf(path)}`,
          certainty: 'sure',
          kind: 'elf-dlopen',
        });
    }
  }
  return [...found.values()];
}
