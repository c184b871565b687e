import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../base/error.ts';
import { VERSION } from '../base/version.ts';
import type { Entry } from '../tree/types.ts';
import type { Fact, Facts } from './facts.ts';
import { lineOfFact, readFactLines, writeFactLines } from './facts-file.ts';

/** A file that was touched this short a time ago may be touched again without its times showing it. */
const SETTLED_MS = 2000;

/**
 * The facts of earlier builds, in one file of the store's home; `save` writes it when there is something new: first what this build has used, then of the others as
 * many as there is room for, those that were used last before the rest.
 */
export async function openFacts(home: string): Promise<Facts & { save(): Promise<void> }> {
  const file = join(home, 'tare', 'builds', `facts-${VERSION}`);
  const before = await readFactLines(file);
  const used = new Map<string, Fact>();
  const fresh = new Set<string>();
  const identities = new Map<Entry, string | undefined>();
  const keyOf = (entry: Entry, question: string): string | undefined => {
    if (!identities.has(entry)) identities.set(entry, identityOf(entry));
    const identity = identities.get(entry);
    return identity === undefined ? undefined : `${identity} ${question}`;
  };
  function* lines(): Iterable<Uint8Array> {
    for (const [key, fact] of used) {
      const line = fresh.has(key) ? lineOfFact(key, fact) : before.line(key);
      if (line !== undefined) yield line;
    }
    for (const key of before.keys()) if (!used.has(key)) yield before.line(key) as Uint8Array;
  }
  return {
    find(entry, question) {
      const key = keyOf(entry, question);
      if (key === undefined) return undefined;
      const known = used.get(key) ?? before.fact(key);
      if (known !== undefined) used.set(key, known);
      return known;
    },
    keep(entry, question, fact) {
      const key = keyOf(entry, question);
      if (key === undefined) return;
      used.set(key, fact);
      fresh.add(key);
    },
    save: async () => {
      if (fresh.size > 0) await writeFactLines(file, lines());
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
