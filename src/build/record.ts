import { lstatSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildFacts } from '../attest/provenance/types.ts';
import { makeFolders } from '../base/folders.ts';
import { sha256, type Digest } from '../base/digest.ts';
import { errnoOf } from '../base/error.ts';
import { canonicalJson } from '../base/json.ts';
import { bytesOfText, hostPath, textOfBytes, type TreePath } from '../base/path.ts';
import { VERSION } from '../base/version.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import type { BuildResult } from './types.ts';

/** What a build looked at on the host, so that the next one can tell whether anything has changed. */
export interface Consulted {
  /** Paths that were asked for, there or not. */
  readonly paths: readonly TreePath[];
  /** Folders whose entries were listed. */
  readonly listed: readonly TreePath[];
}

export interface BuildRecord {
  readonly key: Digest;
  readonly result: BuildResult;
  readonly descriptor: Descriptor;
  readonly evidence: Descriptor;
  /** Of the image's config. */
  readonly config: Descriptor;
  /** Of a build with provenance. */
  readonly facts?: BuildFacts;
  /** The warehouse image, if there was one. */
  readonly warehouse: Digest | null;
}

interface StoredRecord extends BuildRecord {
  /** Path as text, its signature, alternating. */
  readonly signatures: readonly string[];
}

/** Longest lag of the kernel's coarse clock, which stamps files, behind the one that a process reads; with a good margin. */
const CLOCK_LAG_MS = 50;

/** A name for "the same question asked again". */
export function recordKey(question: Readonly<Record<string, unknown>>): Digest {
  return sha256(canonicalJson({ version: VERSION, ...question }));
}

/**
 * The result of the same build, when all that it had looked at is as it was: every file by inode, size, times and mode, every listed
 * folder by its times, and every blob still in the store. The caller checks the warehouse image.
 */
export async function findRecord(key: Digest, store: Store): Promise<BuildRecord | undefined> {
  const record = await readRecord(fileOf(key, store));
  if (record === undefined || record.key !== key) return undefined;
  const { signatures } = record;
  for (let at = 0; at + 1 < signatures.length; at += 2) {
    const [listed, path] = [signatures[at]?.startsWith('*') === true, signatures[at]?.replace(/^\*/, '') ?? ''];
    if (signatureOf(bytesOfText(path) as TreePath, listed) !== signatures[at + 1]) return undefined;
  }
  const layers = record.result.layers.map(({ digest, wire }) => ({ digest, size: wire }));
  for (const { digest, size } of [record.descriptor, record.evidence, record.config, ...layers])
    if ((await store.blobs.size(digest)) !== size) return undefined;
  return record;
}

/** Nothing is written when a file or a listed folder was touched while the build ran: what was read might be older than what is there. */
export async function saveRecord(
  record: BuildRecord,
  consulted: Consulted,
  options: { readonly store: Store; readonly startedAt: number },
): Promise<void> {
  const signatures: string[] = [];
  const listed = new Set<TreePath>(consulted.listed);
  for (const path of new Set([...consulted.paths, ...consulted.listed])) {
    const info = lstatOf(path);
    const watched = info !== undefined && (!info.isDirectory() || listed.has(path));
    if (watched && Number(info.ctimeMs) > options.startedAt - CLOCK_LAG_MS) return;
    signatures.push(`${listed.has(path) ? '*' : ''}${textOfBytes(path)}`, signatureOf(path, listed.has(path)));
  }
  const file = fileOf(record.key, options.store);
  const temporary = `${file}.${process.pid}`;
  try {
    makeFolders(join(options.store.home, 'tare', 'builds'));
    await writeFile(temporary, JSON.stringify({ ...record, signatures } satisfies StoredRecord));
    await rename(temporary, file);
  } catch (error) {
    // A record saves time and nothing else: a full or read-only disk is no reason to fail a build that is done.
    await rm(temporary, { force: true });
    if (errnoOf(error) === undefined) throw error;
  }
}

function fileOf(key: Digest, store: Store): string {
  return join(store.home, 'tare', 'builds', `${key.slice('sha256:'.length)}.json`);
}

async function readRecord(file: string): Promise<StoredRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Partial<StoredRecord> | null;
    const whole = value?.result !== undefined && Array.isArray(value.signatures) && value.config !== undefined;
    return whole ? (value as StoredRecord) : undefined;
  } catch (error) {
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined for what is not there, and for what may not be looked at: both look the same to the next build. */
function lstatOf(path: TreePath) {
  try {
    return lstatSync(hostPath('/', path), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** `-` when there is nothing. A folder that was not listed may gain and lose entries. */
function signatureOf(path: TreePath, listed: boolean): string {
  const info = lstatOf(path);
  if (info === undefined) return '-';
  if (info.isDirectory() && !listed) return `d${info.ino}:${info.mode}`;
  return `${info.ino}:${info.mode}:${info.size}:${info.mtimeNs}:${info.ctimeNs}`;
}
