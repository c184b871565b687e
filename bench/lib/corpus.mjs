import { copyFileSync, cpSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './measure.mjs';

const MIXED_BYTES = 300e6;
const SMALL_FILE_BYTES = 8 * 1024;
const SMALL_FILES = 30_000;

/** What is in images: npm packages, and shared libraries and Python out of /usr/lib; about 300 MB. Returns the folder. */
export function mixedCorpus(work) {
  const dir = join(work, 'mixed');
  cpSync(join(root, 'node_modules'), join(dir, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  let bytes = [...files(dir)].reduce((total, { size }) => total + size, 0);
  for (const { path, size } of files('/usr/lib')) {
    // One file must not be the corpus.
    if (bytes + size > MIXED_BYTES || size > 20e6) continue;
    copy(path, join(dir, path));
    bytes += size;
  }
  return dir;
}

/** Files of at most 8 KiB, as many as this machine has, up to 30,000. Returns the folder. */
export function smallCorpus(work) {
  const dir = join(work, 'small');
  let count = 0;
  for (const source of [join(root, 'node_modules'), '/usr/lib', '/usr/share']) {
    for (const { path, size } of files(source)) {
      if (size === 0 || size > SMALL_FILE_BYTES) continue;
      if (count++ >= SMALL_FILES) return dir;
      copy(path, join(dir, path));
    }
  }
  return dir;
}

function copy(path, target) {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(path, target);
}

/** Regular files below a folder, in the order of their names. */
function* files(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield { path, size: lstatSync(path).size };
  }
}
