import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** The kernel's own limits of one name list and of one value (xattr(7)), in bytes. */
const MAX_LIST_BYTES = 65_536;
const MAX_VALUE_BYTES = 65_536;
/** Of the output of getfattr(1), for one file and for a tree. */
const MAX_OUTPUT_BYTES = 1024 * 1024; // 1 MiB
const MAX_TREE_OUTPUT_BYTES = 256 * 1024 * 1024; // 256 MiB

/** Extended attributes of the file itself, never of what a link leads to; Node has no calls for them. */
export interface Xattrs {
  /** All that this process may see; undefined when there are none. Names are byte strings. */
  list(path: string | Buffer): ReadonlyMap<string, Buffer> | undefined;
  /** @throws Error when it cannot be set */
  set(path: string | Buffer, name: string, value: Uint8Array): void;
}

/** Loading it takes as long as starting a process; what is loaded never changes. */
let library: Xattrs | 'none' | undefined;

/** By the C library; where koffi cannot be loaded, by getfattr(1) and setfattr(1), a process for each file. */
export function openXattrs(): Xattrs {
  return (library ??= byLibrary() ?? 'none') === 'none' ? toolXattrs() : library;
}

/** Of all that is below some folders, read only. */
export type TreeXattrs = Pick<Xattrs, 'list'>;

/** By the C library; else by one getfattr(1) for each folder. */
export function treeXattrs(folders: readonly string[]): TreeXattrs {
  const own = openXattrs();
  return library === 'none' ? dumpedXattrs(folders) : own;
}

/** As one getfattr(1) for each folder tells. */
export function dumpedXattrs(folders: readonly string[]): TreeXattrs {
  const dumps = new Map<string, ReadonlyMap<string, Buffer>>();
  for (const folder of folders) {
    const dump = execFileSync('getfattr', ['--recursive', '--physical', ...DUMP_FLAGS, '--', folder], {
      maxBuffer: MAX_TREE_OUTPUT_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'latin1',
    });
    for (const [file, found] of parseDump(dump)) dumps.set(file, found);
  }
  return { list: (path) => dumps.get((typeof path === 'string' ? Buffer.from(path) : path).toString('latin1')) };
}

function byLibrary(): Xattrs | undefined {
  let koffi: typeof Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  } catch {
    return undefined; // An optional dependency, without a binary for every machine.
  }
  const libc = koffi.load(null);
  const listxattr = libc.func('intptr_t llistxattr(const void *, void *, size_t)');
  const getxattr = libc.func('intptr_t lgetxattr(const void *, const char *, void *, size_t)');
  const setxattr = libc.func('int lsetxattr(const void *, const char *, const void *, size_t, int)');
  const names = Buffer.alloc(MAX_LIST_BYTES);
  const value = Buffer.alloc(MAX_VALUE_BYTES);
  const get = (path: Buffer, name: string): Buffer | undefined => {
    const size = Number(getxattr(path, name, value, MAX_VALUE_BYTES));
    return size < 0 ? undefined : Buffer.from(value.subarray(0, size));
  };
  return {
    list(path) {
      const file = terminated(path);
      const size = Number(listxattr(file, names, MAX_LIST_BYTES));
      if (size <= 0) return undefined;
      const found = new Map<string, Buffer>();
      for (const name of names.toString('latin1', 0, size - 1).split('\0')) {
        const content = get(file, name);
        if (content !== undefined) found.set(name, content);
      }
      return found.size === 0 ? undefined : found;
    },
    set(path, name, content) {
      if (setxattr(terminated(path), name, Buffer.from(content), content.length, 0) !== 0)
        throw new Error(`the attribute ${name} cannot be set: errno ${koffi.errno()}`);
    },
  };
}

function terminated(path: string | Buffer): Buffer {
  return typeof path === 'string' ? Buffer.from(`${path}\0`) : Buffer.concat([path, Buffer.of(0)]);
}

/** Output of getfattr(1) by file: names, of all name spaces, with their values. */
const DUMP_FLAGS = ['--no-dereference', '--encoding=hex', '--dump', '--absolute-names', '--match=-'];

function parseDump(dump: string): Map<string, Map<string, Buffer>> {
  const files = new Map<string, Map<string, Buffer>>();
  let found = new Map<string, Buffer>();
  for (const line of dump.split('\n')) {
    if (line.startsWith('# file: ')) {
      found = new Map();
      files.set(unquoted(line.slice('# file: '.length)), found);
      continue;
    }
    const [, name, hex = ''] = /^([^#=]+)=?(?:0x([0-9a-f]*)|"")?$/.exec(line) ?? [];
    if (name !== undefined) found.set(unquoted(name), Buffer.from(hex, 'hex'));
  }
  return files;
}

/** As getfattr(1) writes names: octal for what would end one, and for all that is not plain ASCII. */
const quoted = (text: string): string =>
  text.replace(/[^\x20-\x7e]|[\\=]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

const unquoted = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** As getfattr(1) and setfattr(1) have it, a process for each question. */
export function toolXattrs(): Xattrs {
  const list = (path: string | Buffer): Map<string, Buffer> | undefined => {
    // An argument that Node passes on is text; a name that a shell reads may be any bytes but a line feed.
    const script = 'IFS= read -r path; exec getfattr "$@" -- "$path"';
    const dump = execFileSync('sh', ['-c', script, 'getfattr', ...DUMP_FLAGS], {
      input: Buffer.concat([Buffer.from(path), Buffer.from('\n')]),
      maxBuffer: MAX_OUTPUT_BYTES,
      stdio: ['pipe', 'pipe', 'ignore'],
      encoding: 'latin1',
    });
    return parseDump(dump).values().next().value;
  };
  return {
    list,
    set(path, name, content) {
      const file = quoted((typeof path === 'string' ? Buffer.from(path) : path).toString('latin1'));
      // No base64 at all is no value to it.
      const value = content.length === 0 ? '""' : `0s${Buffer.from(content).toString('base64')}`;
      execFileSync('setfattr', ['--no-dereference', '--restore=-'], {
        input: `# file: ${file}\n${quoted(name)}=${value}\n\n`,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
    },
  };
}
