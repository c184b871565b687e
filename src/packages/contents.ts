import { pathOfText } from '../base/path.ts';
import type { ContentReader, Tree } from '../tree/types.ts';

export interface OperatingSystem {
  readonly id: string;
  /** For people: `Debian GNU/Linux`; the ID where os-release names none. */
  readonly name: string;
  readonly version: string | null;
}

const MAX_OS_RELEASE_BYTES = 64 * 1024; // 64 KiB

/** From os-release(5); Alpine and Debian say their exact version in a file of their own. */
export async function osOf(tree: Tree, content: ContentReader): Promise<OperatingSystem | null> {
  const text =
    (await smallText(tree, content, '/etc/os-release')) ?? (await smallText(tree, content, '/usr/lib/os-release'));
  if (text === undefined) return null;
  const fields = new Map(
    text.split('\n').flatMap((line) => {
      const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line.trim());
      return match === null ? [] : [[match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? ''] as const];
    }),
  );
  const id = fields.get('ID');
  if (id === undefined) return null;
  const exact = id === 'debian' ? (await smallText(tree, content, '/etc/debian_version'))?.trim() : undefined;
  return {
    id,
    name: fields.get('NAME') ?? id,
    version: exact === undefined || exact === '' ? (fields.get('VERSION_ID') ?? null) : exact,
  };
}

async function smallText(tree: Tree, content: ContentReader, path: string): Promise<string | undefined> {
  const entry = tree.resolve(pathOfText(path))?.entry;
  if (entry?.content === undefined || entry.size > MAX_OS_RELEASE_BYTES) return undefined;
  return Buffer.from(await content.read(entry)).toString('utf8');
}
