import { randomUUID } from 'node:crypto';
import { copyFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { x } from 'tinyexec';
import { makeFolders } from '../base/folders.ts';
import { mapLimit } from '../base/concurrency.ts';
import { sha256 } from '../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';
import { isElf } from '../formats/elf/index.ts';
import type { ContentReader, Entry } from '../tree/types.ts';
import type { BuildTools } from './types.ts';

/** `strip` needs the whole file; larger ones stay as they are. */
const MAX_STRIPPED_BYTES = 1024 ** 3; // 1 GiB

/**
 * ELF files without debug and symbol sections, made by the machine's `strip` and cached by content. What grows or cannot be stripped
 * stays as it was.
 * @throws TareError E_TOOL_MISSING
 */
export async function stripPlan<T extends { readonly entry: Entry }>(
  items: readonly T[],
  content: ContentReader,
  tools: BuildTools,
): Promise<T[]> {
  const folder = join(tools.store.home, 'tare', 'stripped');
  makeFolders(folder);
  await requireStrip();
  return mapLimit(items, tools.ctx.concurrency, async (item) => {
    const { entry } = item;
    if (entry.type !== 'file' || entry.size < 64 || entry.size > MAX_STRIPPED_BYTES) return item;
    if (!isElf(await content.read(entry, { offset: 0, size: 16 }))) return item;
    const made = await strippedFile(entry, content, folder);
    if (made.size >= entry.size) return item;
    const { sha256: _old, ...rest } = entry;
    return {
      ...item,
      entry: { ...rest, size: made.size, content: { in: 'host' as const, path: made.path, size: made.size } },
    };
  });
}

async function requireStrip(): Promise<void> {
  try {
    await x('strip', ['--version'], { throwOnError: true });
  } catch (error) {
    throw new TareError('E_TOOL_MISSING', '--strip needs the program `strip`, which is not on PATH', {
      hint: 'apt-get install binutils, or build without --strip',
      cause: error,
    });
  }
}

async function strippedFile(
  entry: Entry,
  content: ContentReader,
  folder: string,
): Promise<{ path: string; size: number }> {
  const bytes = await content.read(entry);
  const path = join(folder, sha256(bytes).slice('sha256:'.length));
  try {
    return { path, size: (await stat(path)).size };
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read ${path}`);
  }
  // Not by process alone: the same content may stand under several names, and they are stripped at the same time.
  const temporary = `${path}.${randomUUID()}`;
  const output = `${temporary}.out`;
  try {
    await writeFile(temporary, bytes);
    // A shared object keeps the symbols that others bind to; what strip refuses (an odd ELF) stays whole.
    const done = await x('strip', ['--strip-unneeded', '--enable-deterministic-archives', '-o', output, temporary]);
    if (done.exitCode !== 0) await copyFile(temporary, output);
    await rename(output, path);
    return { path, size: (await stat(path)).size };
  } catch (error) {
    throw fromErrno(error, `cannot strip ${quotePath(entry.path)}`);
  } finally {
    await Promise.all([rm(temporary, { force: true }), rm(output, { force: true })]);
  }
}
