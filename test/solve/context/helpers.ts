import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContext } from '../../../src/base/context.ts';
import { parseIgnoreFile } from '../../../src/formats/ignorefile/index.ts';
import { openContext, selectionDigest, type LocalContext } from '../../../src/solve/context/index.ts';

/** Paths → contents. */
export function writeFiles(dir: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

export function open(
  dir: string,
  options: { readonly ignore?: string; readonly home?: string; readonly signal?: AbortSignal } = {},
): Promise<LocalContext> {
  return openContext({
    dir,
    ignore: options.ignore === undefined ? undefined : parseIgnoreFile(options.ignore, { file: '.dockerignore' }),
    home: options.home ?? '/proc/nonexistent',
    ctx: createContext(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

export async function digestOfAll(context: LocalContext): Promise<string> {
  const entries = [...context.tree.walk()];
  return selectionDigest(entries, await context.digestsOf(entries));
}
