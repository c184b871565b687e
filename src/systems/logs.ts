import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../base/error.ts';
import type { LogLine } from './log-file.ts';

export type { LogLine } from './log-file.ts';

const POLL_MS = 100;
const BUFFER_BYTES = 65_536;

/** Stands in a log between what was there and what has come since. */
export const NOW = Symbol('now');

/**
 * The lines of a log, oldest first; then NOW; and, while `follows` says so, those that come.
 * @param follows asked again after every pause: whether more may come
 */
export async function* readLog(
  file: string,
  follows: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<LogLine | typeof NOW> {
  const first = await openReader(file);
  if (first === undefined) {
    yield NOW;
    return;
  }
  let current: Reader = first;
  try {
    const old = await openReader(`${file}.1`);
    try {
      // It may have been put away just now.
      if (old !== undefined && old.inode !== current.inode) yield* old.lines(signal);
    } finally {
      await old?.close();
    }
    yield* current.lines(signal);
    yield NOW;
    for (let more = true; more && !signal.aborted;) {
      more = await follows();
      if (more) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      const isSame = (await inodeOf(file)) === current.inode;
      // The last lines of one that has been put away are there by now.
      yield* current.lines(signal);
      const next: Reader | undefined = isSame ? undefined : await openReader(file);
      if (next === undefined) continue;
      await current.close();
      current = next;
      more = true;
    }
  } finally {
    await current.close();
  }
}

interface Reader {
  readonly inode: number;
  /** From where the last call has ended to the last whole line that is there now. */
  lines(signal: AbortSignal): AsyncGenerator<LogLine>;
  close(): Promise<void>;
}

/** Undefined: there is no such file. */
async function openReader(file: string): Promise<Reader | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let rest = '';
  return {
    inode: (await handle.stat()).ino,
    async *lines(signal) {
      while (!signal.aborted) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length);
        if (bytesRead === 0) return;
        const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as LogLine;
      }
    },
    close: () => handle.close(),
  };
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Lines that are wanted; with `tail` of those that are there already no more than so many of each container, the last ones. */
export async function* lastLines(
  lines: AsyncIterable<LogLine | typeof NOW>,
  { tail = Infinity, wanted }: { readonly tail?: number; readonly wanted: (line: LogLine) => boolean },
): AsyncGenerator<LogLine> {
  const kept = new Map<string, { readonly line: LogLine; readonly at: number }[]>();
  let at = 0;
  let isNow = tail === Infinity;
  for await (const line of lines) {
    if (line === NOW) {
      isNow = true;
      // As they came, whoever said them.
      const all = [...kept.values()].flat().toSorted((a, b) => a.at - b.at);
      kept.clear();
      for (const each of all) yield each.line;
    } else if (!wanted(line)) continue;
    else if (isNow) yield line;
    else {
      const own = kept.get(line.name) ?? [];
      kept.set(line.name, own);
      own.push({ line, at: at++ });
      if (own.length > tail) own.shift();
    }
  }
}
