import { pathOfText, textOfBytes } from '../base/path.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';

export interface OperatingSystem {
  readonly id: string;
  readonly version: string | null;
}

export interface Runtime {
  readonly name: string;
  readonly version: string;
  readonly path: string;
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
  const exact = id === 'debian' ? await smallText(tree, content, '/etc/debian_version') : undefined;
  return { id, version: exact?.trim() ?? fields.get('VERSION_ID') ?? null };
}

async function smallText(tree: Tree, content: ContentReader, path: string): Promise<string | undefined> {
  const entry = tree.resolve(pathOfText(path))?.entry;
  if (entry?.content === undefined || entry.size > MAX_OS_RELEASE_BYTES) return undefined;
  return Buffer.from(await content.read(entry)).toString('utf8');
}

interface RuntimeRule {
  readonly name: string;
  readonly looks: (path: string) => boolean;
  /** Smallest file that can be one, in bytes. */
  readonly atLeast: number;
  /** What stands before the version in the file, and the shape of the version. */
  readonly mark: string;
  readonly version: RegExp;
}

/** One line per run time. The version is read from the binary, which is never run. */
const RUNTIMES: readonly RuntimeRule[] = [
  {
    name: 'node',
    looks: (path) => /\/(node|nodejs)$/.test(path),
    atLeast: 5e6,
    mark: '/node-v',
    version: /^\/node-v(\d+\.\d+\.\d+)/,
  },
  {
    name: 'go',
    looks: (path) => !/\.[a-z]+$/.test(path),
    atLeast: 5e5,
    mark: '\xff Go buildinf:',
    version: /^[^]{0,64}?go(\d+\.\d+(?:\.\d+)?)/,
  },
];

const WINDOW_BYTES = 4 * 1024 * 1024; // 4 MiB
const TAIL_BYTES = 256;
/** The build info of Go stands at the start of its data segment; far more than this is read for no run time. */
const MAX_SCANNED_BYTES = 256 * 1024 * 1024; // 256 MiB

export async function findRuntimes(tree: Tree, content: ContentReader): Promise<readonly Runtime[]> {
  const found: Runtime[] = [];
  for (const entry of tree.walk()) {
    if (entry.type !== 'file' || (entry.mode & 0o111) === 0) continue;
    const path = textOfBytes(entry.path);
    const rules = RUNTIMES.filter((rule) => entry.size >= rule.atLeast && rule.looks(path));
    for (const rule of rules) {
      const version = await scanFor(entry, content, rule);
      if (version !== undefined) found.push({ name: rule.name, version, path });
    }
  }
  return found;
}

async function scanFor(entry: Entry, content: ContentReader, rule: RuntimeRule): Promise<string | undefined> {
  const mark = Buffer.from(rule.mark, 'latin1');
  const end = Math.min(entry.size, MAX_SCANNED_BYTES);
  for (let offset = 0; offset < end; offset += WINDOW_BYTES) {
    const size = Math.min(WINDOW_BYTES + TAIL_BYTES, end - offset);
    const window = Buffer.from(await content.read(entry, { offset, size }));
    for (let at = window.indexOf(mark); at !== -1; at = window.indexOf(mark, at + 1)) {
      const version = rule.version.exec(window.toString('latin1', at, at + TAIL_BYTES))?.[1];
      if (version !== undefined) return version;
    }
  }
  return undefined;
}
