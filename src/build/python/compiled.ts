import { mapLimit } from '../../base/concurrency.ts';
import { joinPath, parentOf, type TreePath } from '../../base/path.ts';
import { readPycHeader, renamedPyc, uncheckedPyc } from '../../formats/pyc/index.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';

const COMPILED = /\/__pycache__\/([^/]+)\.cpython-3\d+(?:\.opt-[12])?\.pyc$/;
/** What of a source's path is the same wherever it was compiled. */
const INSTALLED = /\/(?:(?:site|dist)-packages|python3\.\d+t?)\/(?!.*\/(?:site|dist)-packages\/).*$/s;
/** Larger ones stay as they are; those of real packages have some hundred kilobytes. */
const MAX_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Held in memory until they are packed. */
const MAX_ALL_BYTES = 512 * 1024 * 1024; // 512 MiB

export interface CompiledInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly concurrency: number;
}

/**
 * Compiled modules in a form that is valid in the image. They are valid for a source of a certain time, and all times of an image are one: unchanged they
 * would be read, refused and compiled anew at every start. The name of the
 * source that they hold becomes the one in the image. One that does not fit its source on the disk stays as it is, and is refused in the image, too.
 */
export async function fittedCompiled<T extends { readonly entry: Entry }>(
  items: readonly T[],
  input: CompiledInput,
): Promise<T[]> {
  let left = MAX_ALL_BYTES;
  const chosen = new Set<T>();
  for (const item of items) {
    if (!COMPILED.test(item.entry.path) || item.entry.type !== 'file' || item.entry.size > MAX_BYTES) continue;
    left -= item.entry.size;
    if (left < 0) break;
    chosen.add(item);
  }
  return mapLimit(items, input.concurrency, async (item) => {
    if (!chosen.has(item)) return item;
    const bytes = await fitted(item.entry, input);
    if (bytes === undefined) return item;
    const { sha256: _old, ...entry } = item.entry;
    return { ...item, entry: { ...entry, size: bytes.length, content: { in: 'memory' as const, bytes } } };
  });
}

async function fitted(entry: Entry, { content, tree }: CompiledInput): Promise<Uint8Array | undefined> {
  const path = sourceOf(entry.path);
  const source = path === undefined ? undefined : tree.resolve(path)?.entry;
  if (path === undefined || source === undefined) return undefined;
  const bytes = await content.read(entry);
  const header = readPycHeader(bytes);
  if (header === undefined || (header.checks === 'time' && !isOf(header, source))) return undefined;
  const made = header.checks === 'time' ? uncheckedPyc(bytes) : bytes;
  const suffix = INSTALLED.exec(path)?.[0];
  const named = suffix === undefined ? made : renamedPyc(made, suffix, path);
  return named === bytes ? undefined : named;
}

/** `__pycache__/NAME.TAG.pyc` → NAME.py beside that folder (PEP 3147). */
function sourceOf(path: TreePath): TreePath | undefined {
  const name = COMPILED.exec(path)?.[1];
  return name === undefined ? undefined : joinPath(parentOf(parentOf(path)), `${name}.py`);
}

/** Numbers of 32 bits, as the interpreter compares them. */
function isOf(header: { readonly mtime: number; readonly size: number }, source: Entry): boolean {
  return header.mtime === Math.floor(source.mtime) >>> 0 && header.size === source.size >>> 0;
}
