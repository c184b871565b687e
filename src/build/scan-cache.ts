import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../base/error.ts';
import { VERSION } from '../base/version.ts';
import type { ScanCache } from '../evidence/node/scan/cache.ts';
import type { Scan } from '../evidence/node/scan/types.ts';

/** Entries of other builds that are kept; one has 200 bytes or so. */
const MAX_UNUSED = 50_000;

type Stored = Readonly<Record<string, Pick<Scan, 'requests' | 'problem'>>>;

/** The scans of earlier builds, in one file of the store's home; `save` writes it when there is something new. */
export async function openScanCache(home: string): Promise<ScanCache & { save(): Promise<void> }> {
  const file = join(home, 'tare', 'builds', `scans-${VERSION}.json`);
  const before = await readScans(file);
  const used = new Map<string, Stored[string]>();
  let changed = false;
  return {
    find(key) {
      const known = used.get(key) ?? before.get(key);
      if (known === undefined) return undefined;
      used.set(key, known);
      return { ...known, calls: [] };
    },
    keep(key, { problem, requests }) {
      used.set(key, { requests, ...(problem === undefined ? {} : { problem }) });
      changed = true;
    },
    async save() {
      if (!changed) return;
      const unused = [...before].filter(([key]) => !used.has(key)).slice(0, MAX_UNUSED);
      const temporary = `${file}.${process.pid}`;
      try {
        await mkdir(join(home, 'tare', 'builds'), { recursive: true });
        await writeFile(temporary, JSON.stringify(Object.fromEntries([...used, ...unused])));
        await rename(temporary, file);
      } catch (error) {
        // It saves time and nothing else: a build does not fail for it.
        await rm(temporary, { force: true });
        if (errnoOf(error) === undefined) throw error;
      }
    },
  };
}

async function readScans(file: string): Promise<ReadonlyMap<string, Stored[string]>> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as unknown;
    if (value === null || typeof value !== 'object') return new Map();
    return new Map(Object.entries(value as Stored).filter(([, scan]) => Array.isArray(scan?.requests)));
  } catch (error) {
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return new Map();
    throw error;
  }
}
