import { constants } from 'node:fs';
import { access, open, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isDigest, type Digest } from '../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { groupBy } from '../base/group-by.ts';
import { quotePath, bytesOfText } from '../base/path.ts';
import { readSmallFile } from '../base/small-file.ts';
import type { Image } from '../oci/types.ts';
import { withLock } from '../store/lock.ts';
import type { ComparedImage } from './compare.ts';

/** One line of a trend file: what an image weighed. */
export interface TrendPoint {
  readonly reference: string;
  readonly digest: Digest;
  /** As the image says it, RFC 3339. */
  readonly created: string | null;
  readonly disk: number;
  readonly wire: number;
  readonly files: number;
  readonly layers: number;
}

/** The points of one reference, in the order in which they were appended. */
export interface Trend {
  readonly reference: string;
  readonly points: readonly TrendPoint[];
}

/** About 60000 rows. */
const MAX_FILE_BYTES = 16 * 1024 * 1024; // 16 MiB
const HINT = 'it was left as it is: mend the line, or name another file';

/** What a row says is of the image alone: the clock of this machine is not asked. */
export function trendPoint({ digest, files, layers, reference, size }: ComparedImage, image: Image): TrendPoint {
  const { disk, wire } = size;
  return { reference, digest, created: image.config.created ?? null, disk, wire, files, layers };
}

/**
 * Appends points to a file of JSON lines, which is made when it is not there, and answers the trends of the references that are among them. A point of which reference and
 * digest are in the file is not appended again. Under a lock beside the file (`FILE.lock`), in one write: nothing that was there is touched.
 * @throws TareError E_JSON when a line is no point; E_LIMIT, E_NOT_FILE, E_PERMISSION, E_PATH_NOT_FOUND, E_LOCKED, E_NO_SPACE …
 */
export async function appendTrend(path: string, points: readonly TrendPoint[]): Promise<readonly Trend[]> {
  const file = await realFile(path);
  return withLock(`${file}.lock`, async () => {
    const text = await readHistory(file);
    const known = parseHistory(text, path);
    const seen = new Set(known.map(keyOf));
    const fresh = points.filter((point) => {
      const isNew = !seen.has(keyOf(point));
      seen.add(keyOf(point));
      return isNew;
    });
    if (fresh.length > 0) await append(file, text, fresh);
    const trends = groupBy([...known, ...fresh], ({ reference }) => reference);
    const references = [...new Set(points.map(({ reference }) => reference))];
    return references.map((reference) => ({ reference, points: trends.get(reference) ?? [] }));
  });
}

/**
 * The trends of a file, in the order in which its references came first.
 * @throws TareError E_PATH_NOT_FOUND; E_JSON when a line is no point; E_LIMIT, E_NOT_FILE, E_PERMISSION
 */
export async function readTrends(path: string): Promise<readonly Trend[]> {
  const file = await realFile(path);
  try {
    await access(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read ${shown(path)}`);
    throw new TareError('E_PATH_NOT_FOUND', `there is no file ${shown(path)} of former sizes`, {
      hint: 'begin one with `tare compare IMAGE --history FILE`',
      cause: error,
    });
  }
  const trends = groupBy(parseHistory(await readHistory(file), path), ({ reference }) => reference);
  return [...trends].map(([reference, points]) => ({ reference, points }));
}

const keyOf = ({ digest, reference }: TrendPoint): string => `${digest} ${reference}`;
const shown = (path: string): string => quotePath(bytesOfText(path));

/** So that two names of one file have one lock. */
async function realFile(path: string): Promise<string> {
  const file = resolve(path);
  try {
    return await realpath(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot open ${shown(path)}`);
  }
  try {
    return join(await realpath(dirname(file)), basename(file));
  } catch (error) {
    throw fromErrno(error, `cannot make ${shown(path)}`);
  }
}

/** Empty when it is not there. */
async function readHistory(file: string): Promise<string> {
  try {
    return (await readSmallFile(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error instanceof TareError ? error : fromErrno(error, `cannot read ${shown(file)}`);
  }
}

function parseHistory(text: string, path: string): readonly TrendPoint[] {
  return text.split('\n').flatMap((line, at): TrendPoint[] => {
    if (line.trim() === '') return [];
    const point = pointOf(line);
    if (point !== undefined) return [point];
    throw new TareError('E_JSON', `${shown(path)}: line ${at + 1} is no row of a trend file`, { hint: HINT });
  });
}

/** Members that a later version may add are left alone. */
function pointOf(line: string): TrendPoint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (value === null || typeof value !== 'object') return undefined;
  const { created = null, digest, disk, files, layers, reference, wire } = value as Partial<TrendPoint>;
  const isText = typeof reference === 'string' && typeof digest === 'string' && isDigest(digest);
  const counts = [disk, wire, files, layers];
  if (!isText || (created !== null && typeof created !== 'string') || !counts.every(isCount)) return undefined;
  const [a, b, c, d] = counts as [number, number, number, number];
  return { reference, digest, created, disk: a, wire: b, files: c, layers: d };
}

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** All or nothing. */
async function append(file: string, before: string, points: readonly TrendPoint[]): Promise<void> {
  const lines = points.map((point) => `${JSON.stringify(point)}\n`).join('');
  const bytes = Buffer.from(before === '' || before.endsWith('\n') ? lines : `\n${lines}`);
  const failed = (error: unknown): unknown => fromErrno(error, `cannot write ${shown(file)}`);
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await open(file, flags, 0o644).catch((error: unknown) => {
    throw failed(error);
  });
  try {
    const { size } = await handle.stat();
    try {
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw new TareError('E_NO_SPACE', `cannot write all of ${shown(file)}`);
      await handle.sync();
    } catch (error) {
      await handle.truncate(size);
      throw error;
    }
  } catch (error) {
    throw error instanceof TareError ? error : failed(error);
  } finally {
    await handle.close();
  }
}
