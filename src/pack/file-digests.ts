import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders } from '../base/folders.ts';
import { errnoOf } from '../base/error.ts';

/** What tells that a file is still the one that was hashed. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

export interface FileDigests {
  /** Hex, or undefined when the file is not known in this state. */
  get(file: FileIdentity): string | undefined;
  /**
   * Remembers what was read. A file that changed less than two seconds before it was opened is not remembered: it may have been written to
   * once more within the granularity of its time stamps, and look the same. (The reasoning of git, Documentation/technical/racy-git.txt.)
   */
  remember(file: FileIdentity, sha256: string, openedMs: number): void;
  /** Writes what is new. A home that cannot be written is no error. */
  save(): Promise<void>;
}

const HEADING = 'tare file digests 1';
const LINE = /^([0-9]+ [0-9]+ [0-9]+ -?[0-9]+ -?[0-9]+) ([0-9a-f]{64})$/;
/** About 40 MB on disk. The oldest go first. */
const MAX_FILES = 300_000;
const MAX_CACHE_BYTES = 64 * 1024 * 1024; // 64 MiB
const RACY_NS = 2_000_000_000n; // 2 s

/** The cache of file digests in `home`; empty when it is missing, unreadable or damaged. Lines that are no entries are passed over. */
export async function openFileDigests(home: string): Promise<FileDigests> {
  const file = join(home, 'tare', 'file-digests');
  const known = await load(file);
  const fresh = new Map<string, string>();
  return {
    get: (identity) => fresh.get(keyOf(identity)) ?? known.get(keyOf(identity)),
    remember: (identity, sha256, openedMs) => {
      const key = keyOf(identity);
      const changedNs = identity.ctimeNs > identity.mtimeNs ? identity.ctimeNs : identity.mtimeNs;
      if (known.get(key) === sha256 || BigInt(openedMs) * 1_000_000n - changedNs < RACY_NS) return;
      fresh.set(key, sha256);
    },
    save: async () => {
      if (fresh.size === 0) return;
      // Read again: another process may have saved meanwhile.
      const all = await load(file);
      for (const [key, sha256] of fresh) {
        all.delete(key);
        all.set(key, sha256);
      }
      fresh.clear();
      await store(file, [...all].slice(-MAX_FILES));
    },
  };
}

function keyOf(file: FileIdentity): string {
  return `${file.dev} ${file.ino} ${file.size} ${file.mtimeNs} ${file.ctimeNs}`;
}

async function load(file: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return known;
  }
  if (text.length > MAX_CACHE_BYTES) return known;
  const lines = text.split('\n');
  if (lines[0] !== HEADING) return known;
  for (const line of lines) {
    const match = LINE.exec(line);
    if (match !== null) known.set(match[1] as string, match[2] as string);
  }
  return known;
}

async function store(file: string, entries: readonly (readonly [string, string])[]): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const text = [HEADING, ...entries.map(([key, sha256]) => `${key} ${sha256}`), ''].join('\n');
  try {
    makeFolders(dirname(file));
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    // Only a cache: without it files are read once more.
    if (errnoOf(error) === undefined) throw error;
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
