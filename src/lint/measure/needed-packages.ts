import { pathOfText, textOfBytes } from '../../base/path.ts';
import { fieldOf, parseDeb822, type Stanza } from '../../formats/deb822/index.ts';
import { readRecord } from '../../packages/record-files.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

const STATUS = pathOfText('/var/lib/dpkg/status');

/** Names of packages → those of all that they need, themselves included; undefined when one of them is not installed. */
export type Needs = (asked: readonly string[]) => ReadonlySet<string> | undefined;

/**
 * What packages of Debian need by `Depends` and `Pre-Depends` (Debian policy, section 7): of alternatives the first that is installed, a virtual package
 * by each that provides it. What an image holds beyond that came because something recommends it.
 * @returns undefined for an image without dpkg's status
 * @throws TareError E_LIMIT, and what the reader throws
 */
export async function dpkgNeeds(tree: Tree, content: ContentReader): Promise<Needs | undefined> {
  const status = tree.resolve(STATUS)?.entry;
  if (status?.content === undefined) return undefined;
  const dependencies = new Map<string, readonly (readonly string[])[]>();
  const providers = new Map<string, string[]>();
  for (const stanza of parseDeb822(await readRecord(content, status), textOfBytes(STATUS))) {
    const name = fieldOf(stanza, 'Package');
    if (name === undefined || fieldOf(stanza, 'Status')?.endsWith(' installed') !== true) continue;
    dependencies.set(name, [...groupsOf(stanza, 'Pre-Depends'), ...groupsOf(stanza, 'Depends')]);
    for (const virtual of groupsOf(stanza, 'Provides').flat())
      providers.set(virtual, [...(providers.get(virtual) ?? []), name]);
  }
  const installed = (name: string): readonly string[] =>
    dependencies.has(name) ? [name] : (providers.get(name) ?? []);
  return (asked) => {
    const roots = asked.map(installed);
    if (roots.some((names) => names.length === 0)) return undefined;
    const needed = new Set<string>();
    const open = roots.flat();
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (needed.has(name)) continue;
      needed.add(name);
      for (const alternatives of dependencies.get(name) ?? [])
        open.push(...(alternatives.map(installed).find((names) => names.length > 0) ?? []));
    }
    return needed;
  };
}

/** `a (>= 1) | b:any, c` as `[[a, b], [c]]`. */
function groupsOf(stanza: Stanza, field: string): readonly (readonly string[])[] {
  return (fieldOf(stanza, field) ?? '')
    .split(',')
    .map((group) => group.split('|').flatMap((item) => /^\s*([A-Za-z0-9][A-Za-z0-9+.-]*)/.exec(item)?.[1] ?? []))
    .filter((group) => group.length > 0);
}
