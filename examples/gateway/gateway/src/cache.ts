import type { OutgoingHttpHeaders } from 'node:http';

export interface Cached {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

export interface Cache {
  /** With its age in whole seconds. */
  get(key: string): { readonly answer: Cached; readonly age: number } | undefined;
  set(key: string, answer: Cached, ttlMs: number): void;
  readonly bytes: number;
  readonly entries: number;
  /** A body that is longer is not worth reading to its end. */
  readonly maxEntryBytes: number;
}

/** One answer may take this share of all bytes. */
const MAX_SHARE = 1 / 8;

/** Answers by key, the longest unused go first. `now` is in milliseconds. */
export function openCache(
  { MaxBytes, MaxEntries }: { readonly MaxBytes: number; readonly MaxEntries: number },
  now: () => number = () => performance.now(),
): Cache {
  const entries = new Map<string, { answer: Cached; bytes: number; since: number; until: number }>();
  const maxEntryBytes = Math.floor(MaxBytes * MAX_SHARE);
  let bytes = 0;
  const remove = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    maxEntryBytes,
    get bytes() {
      return bytes;
    },
    get entries() {
      return entries.size;
    },
    get(key) {
      const found = entries.get(key);
      if (found === undefined) return undefined;
      entries.delete(key);
      if (found.until <= now()) {
        bytes -= found.bytes;
        return undefined;
      }
      // Last in the order of a map is what was put into it last.
      entries.set(key, found);
      return { answer: found.answer, age: Math.floor((now() - found.since) / 1000) };
    },
    set(key, answer, ttlMs) {
      const size = key.length + answer.body.length + JSON.stringify(answer.headers).length;
      remove(key);
      if (size > maxEntryBytes || MaxEntries === 0) return;
      entries.set(key, { answer, bytes: size, since: now(), until: now() + ttlMs });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (bytes <= MaxBytes && entries.size <= MaxEntries) break;
        remove(oldest);
      }
    },
  };
}
