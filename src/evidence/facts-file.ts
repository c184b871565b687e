import { createHash } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../base/error.ts';
import { makeFolders } from '../base/folders.ts';
import type { Fact } from './facts.ts';

// One line with the version of the form and the sha256 of all that follows; then a line for each fact: its key, a tab, its JSON. A fact is parsed when it is asked
// for: there are ten thousands, and one run needs some hundred of them.

const MAGIC = 'tare-facts 1';
/** Of the file. What is beyond is not read, and not written. */
const MAX_FILE_BYTES = 64 * 1024 * 1024; // 64 MiB
/** Of one line: a source of 8 MiB has a fact of some hundred KiB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024; // 4 MiB
const MAX_LINES = 500_000;
const TAB = 0x09;
const NEWLINE = 0x0a;

/** Facts as they stand in a file, in its order. */
export interface FactLines {
  keys(): Iterable<string>;
  /** Undefined when there is none, or when it cannot be read. */
  fact(key: string): Fact | undefined;
  line(key: string): Uint8Array | undefined;
}

/** No facts when there is no such file, when it is too large, or damaged in any way. */
export async function readFactLines(file: string): Promise<FactLines> {
  const bytes = await readWhole(file);
  const lines = bytes === undefined ? new Map<string, Uint8Array>() : linesOf(bytes);
  return {
    keys: () => lines.keys(),
    line: (key) => lines.get(key),
    fact: (key) => {
      const line = lines.get(key);
      return line === undefined ? undefined : factOf(Buffer.from(line.buffer, line.byteOffset, line.length));
    },
  };
}

async function readWhole(file: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      const info = await handle.stat();
      return info.isFile() && info.size <= MAX_FILE_BYTES ? await handle.readFile() : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

function linesOf(bytes: Buffer): Map<string, Uint8Array> {
  const lines = new Map<string, Uint8Array>();
  const body = bytes.subarray(bytes.indexOf(NEWLINE) + 1);
  if (body.length === 0 || bytes.length - body.length > 256 || !bytes.subarray(0, -body.length).equals(headOf([body])))
    return lines;
  for (let start = 0; start < body.length && lines.size < MAX_LINES;) {
    const end = body.indexOf(NEWLINE, start);
    const tab = body.indexOf(TAB, start);
    if (end === -1 || tab === -1 || tab > end) return lines;
    lines.set(body.toString('latin1', start, tab), body.subarray(start, end + 1));
    start = end + 1;
  }
  return lines;
}

function factOf(line: Buffer): Fact | undefined {
  try {
    return JSON.parse(line.toString('utf8', line.indexOf(TAB) + 1)) as Fact;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function headOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Buffer.from(`${MAGIC} ${hash.digest('hex')}\n`, 'latin1');
}

/** Undefined for what is too large to be worth it, or has a key that is no line's beginning. */
export function lineOfFact(key: string, fact: Fact): Uint8Array | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f-\uffff]/.test(key)) return undefined;
  const text = JSON.stringify(fact);
  return text.length > MAX_LINE_BYTES ? undefined : Buffer.from(`${key}\t${text}\n`, 'utf8');
}

/** The first lines that fit. Facts save time and nothing else: what the system refuses is no error. */
export async function writeFactLines(file: string, lines: Iterable<Uint8Array>): Promise<void> {
  const parts: Uint8Array[] = [];
  let left = MAX_FILE_BYTES - 1024;
  for (const line of lines) {
    if (line.length > left || parts.length >= MAX_LINES) break;
    left -= line.length;
    parts.push(line);
  }
  try {
    makeFolders(dirname(file));
    await replace(file, [headOf(parts), ...parts]);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Whoever reads sees the old file or the new one. */
async function replace(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  try {
    await writeFile(temporary, Buffer.concat(parts));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
