import { lstatSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../base/folders.ts';
import { errnoOf } from '../base/error.ts';
import { VERSION } from '../base/version.ts';
import type { Entry } from '../tree/types.ts';
import type { Fact, Facts } from './facts.ts';

/** Facts of other builds that are kept; one has some hundred bytes. */
const MAX_UNUSED = 50_000;
/** A file that was touched this short a time ago may be touched again without its times showing it. */
const SETTLED_MS = 2000;

/** The facts of earlier builds, in one file of the store's home; `save` writes it when there is something new. */
export async function openFacts(home: string): Promise<Facts & { save(): Promise<void> }> {
  const file = join(home, 'tare', 'builds', `facts-${VERSION}.json`);
  const before = await readFacts(file);
  const used = new Map<string, Fact>();
  const identities = new Map<Entry, string | undefined>();
  let changed = false;
  const keyOf = (entry: Entry, question: string): string | undefined => {
    if (!identities.has(entry)) identities.set(entry, identityOf(entry));
    const identity = identities.get(entry);
    return identity === undefined ? undefined : `${identity} ${question}`;
  };
  return {
    find(entry, question) {
      const key = keyOf(entry, question);
      if (key === undefined) return undefined;
      const known = used.get(key) ?? before.get(key);
      if (known !== undefined) used.set(key, known);
      return known;
    },
    keep(entry, question, fact) {
      const key = keyOf(entry, question);
      if (key === undefined) return;
      used.set(key, fact);
      changed = true;
    },
    async save() {
      if (!changed) return;
      const unused = [...before].filter(([key]) => !used.has(key)).slice(0, MAX_UNUSED);
      const temporary = `${file}.${process.pid}`;
      try {
        makeFolders(join(home, 'tare', 'builds'));
        await writeFile(temporary, JSON.stringify(Object.fromEntries([...used, ...unused])));
        await rename(temporary, file);
      } catch (error) {
        // Facts save time and nothing else: a build does not fail for them.
        await rm(temporary, { force: true });
        if (errnoOf(error) === undefined) throw error;
      }
    },
  };
}

/** What changes when the content changes. Undefined when that cannot be told. */
function identityOf({ content, sha256 }: Entry): string | undefined {
  if (sha256 !== undefined) return sha256;
  if (content?.in !== 'host') return undefined;
  try {
    const info = lstatSync(content.path, { bigint: true });
    if (Date.now() - Number(info.ctimeMs) < SETTLED_MS) return undefined;
    return `${info.dev}:${info.ino}:${info.size}:${info.mtimeNs}:${info.ctimeNs}`;
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

async function readFacts(file: string): Promise<ReadonlyMap<string, Fact>> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as unknown;
    return value === null || typeof value !== 'object'
      ? new Map()
      : new Map(Object.entries(value as Record<string, Fact>));
  } catch (error) {
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return new Map();
    throw error;
  }
}
