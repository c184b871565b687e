import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../../base/context.ts';
import { algorithmOf, hexOf, isDigest, sha256, type Digest } from '../../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { makeFolders } from '../../base/folders.ts';
import { bytesOfText, joinPath, ROOT } from '../../base/path.ts';
import { createTree, plainDirectory } from '../../tree/memory.ts';
import type { Entry } from '../../tree/types.ts';
import type { Source } from '../types.ts';
import { failed, fetchHttp, shownUrl, type HttpAnswer } from './http-fetch.ts';
import type { Environment } from '../../base/http-proxy.ts';
import type { FileSystem } from './result.ts';
import { noLayers } from './sources.ts';

export type HttpSource = Extract<Source, { readonly kind: 'http' }>;

export interface HttpOptions {
  /** Of the store. Downloads are kept in `<home>/tare/solve/downloads`. */
  readonly home: string;
  readonly env: Environment;
  readonly ctx: Context;
  /** Default: 8 GiB. */
  readonly maxBytes?: number;
}

const MAX_DOWNLOAD_BYTES = 8 * 1024 ** 3; // 8 GiB
const MAX_RECORD_BYTES = 64 * 1024; // 64 KiB

/** What is known of a download; its content is the file named by its sha256. */
interface Download {
  readonly sha256: string;
  readonly size: number;
  /** Seconds: when the server says that it was changed, else 0. */
  readonly mtime: number;
  /** Of the file that holds it, in ms: another time means that somebody wrote to it. */
  readonly written: number;
  readonly etag?: string;
  readonly lastModified?: string;
}

/**
 * One file at `/<filename>`: 0600, of root, with the time that the server gives. With a checksum it is fetched once for all builds; else the server is asked
 * each time, and sends it only when it has changed.
 * @returns `cached`: it was not transferred
 * @throws TareError E_FETCH, E_DIGEST (the checksum), E_LIMIT (too large), E_CANCELLED, and what writing a file may meet. Nothing half-written stays
 */
export async function httpFiles(
  source: HttpSource,
  options: HttpOptions,
): Promise<{ readonly files: FileSystem; readonly cached: boolean; readonly sha256: string }> {
  const folder = openFolder(options.home);
  const key = source.checksum ?? withoutLogin(source.url);
  const known = await folder.find(key);
  if (known !== undefined && source.checksum !== undefined)
    return { files: fileOf(source, known, folder), cached: true, sha256: known.sha256 };
  const asked = source.checksum === undefined ? known : undefined;
  const headers = {
    ...(asked?.etag === undefined ? {} : { 'if-none-match': asked.etag }),
    ...(asked?.lastModified === undefined ? {} : { 'if-modified-since': asked.lastModified }),
  };
  const { ctx, env } = options;
  const fresh = await fetchHttp({ url: source.url, headers, env, signal: ctx.signal }, async (answer) => {
    if (answer.status === 200) return received(source, answer, folder, options);
    if (asked === undefined || Object.keys(headers).length === 0)
      throw failed(new URL(source.url), 'the answer is 304, and nothing was asked for that could be unchanged');
    return undefined;
  });
  if (fresh === undefined && asked !== undefined)
    return { files: fileOf(source, asked, folder), cached: true, sha256: asked.sha256 };
  if (fresh === undefined) throw new Error('an answer without content and without a cause');
  await folder.remember(key, fresh);
  return { files: fileOf(source, fresh, folder), cached: false, sha256: fresh.sha256 };
}

function withoutLogin(text: string): string {
  const url = new URL(text);
  [url.username, url.password, url.hash] = ['', '', ''];
  return url.href;
}

function fileOf({ filename }: HttpSource, known: Download, folder: Folder): FileSystem {
  const { mtime, sha256: hex, size } = known;
  const content = { in: 'host' as const, path: folder.fileOf(hex), size };
  const path = joinPath(ROOT, bytesOfText(filename));
  const entry: Entry = { path, type: 'file', mode: 0o600, uid: 0, gid: 0, size, mtime, content, sha256: hex };
  return {
    tree: createTree([plainDirectory(ROOT), entry]),
    content: noLayers,
    digestsOf: () => Promise.resolve(() => hex),
  };
}

async function received(
  { checksum, url: text }: HttpSource,
  answer: HttpAnswer,
  folder: Folder,
  { ctx, maxBytes = MAX_DOWNLOAD_BYTES }: HttpOptions,
): Promise<Download> {
  const url = new URL(text);
  const promised = answer.header('content-length');
  const total = promised !== undefined && /^\d{1,15}$/.test(promised) ? Number(promised) : undefined;
  const tooLarge = (bytes: number): TareError =>
    new TareError('E_LIMIT', `${shownUrl(url)} has ${bytes} bytes or more; at most ${maxBytes} are fetched`);
  if (total !== undefined && total > maxBytes) throw tooLarge(total);
  const step = `fetch ${shownUrl(url)}`;
  const hash = createHash('sha256');
  const other =
    checksum === undefined || checksum.startsWith('sha256:') ? undefined : createHash(algorithmOf(checksum));
  let size = 0;
  const checked = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of answer.body) {
      throwIfCancelled(ctx.signal);
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(size);
      hash.update(chunk);
      other?.update(chunk);
      yield chunk;
      ctx.onEvent({
        kind: 'step.progress',
        step,
        done: size,
        ...(total === undefined ? {} : { total }),
        unit: 'bytes',
      });
    }
    if (total !== undefined && size !== total)
      throw failed(
        url,
        `it ends after ${size} of ${total} bytes`,
        'the connection broke in the middle: run the command again',
      );
  };
  return folder.write(checked(), () => {
    const hex = hash.digest('hex');
    const actual: Digest =
      checksum === undefined || other === undefined
        ? `sha256:${hex}`
        : `${algorithmOf(checksum)}:${other.digest('hex')}`;
    if (checksum !== undefined && actual !== checksum)
      throw new TareError('E_DIGEST', `${shownUrl(url)} has the checksum ${actual}, not ${checksum}`, {
        hint: 'see whether the file may be trusted; if so, write its checksum into the Dockerfile',
      });
    return { sha256: hex, size, ...aboutOf(answer) };
  });
}

function aboutOf({ header }: HttpAnswer): Pick<Download, 'mtime' | 'etag' | 'lastModified'> {
  const [etag, lastModified] = [header('etag'), header('last-modified')];
  const time = Math.floor(Date.parse(lastModified ?? '') / 1000);
  return {
    mtime: Number.isFinite(time) && time > 0 ? time : 0,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

interface Folder {
  fileOf(hex: string): string;
  /** Undefined when it is not there, or not as it was. */
  find(key: string): Promise<Download | undefined>;
  remember(key: string, download: Download): Promise<void>;
  write(bytes: AsyncIterable<Uint8Array>, finish: () => Omit<Download, 'written'>): Promise<Download>;
}

function openFolder(home: string): Folder {
  const dir = join(home, 'tare', 'solve', 'downloads');
  const fileOf = (hex: string): string => join(dir, hex);
  const recordOf = (key: string): string => join(dir, `${hexOf(sha256(key))}.json`);
  const temporary = (): string => join(dir, `${process.pid}-${randomUUID()}.part`);
  return {
    fileOf,
    find: async (key) => {
      try {
        if ((await stat(recordOf(key))).size > MAX_RECORD_BYTES) return undefined;
        const known = recordIn(await readFile(recordOf(key), 'utf8'));
        if (known === undefined || (isDigest(key) && key.startsWith('sha256:') && hexOf(key) !== known.sha256))
          return undefined;
        const { mtimeMs, size } = await stat(fileOf(known.sha256));
        return size === known.size && Math.floor(mtimeMs) === known.written ? known : undefined;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw fromErrno(error, 'cannot look for a download');
      }
    },
    remember: (key, download) =>
      replacing(temporary(), recordOf(key), (file) => writeFile(file, JSON.stringify(download), { flag: 'wx' })),
    write: async (bytes, finish) => {
      try {
        makeFolders(dir);
      } catch (error) {
        throw fromErrno(error, `cannot make ${dir}`);
      }
      const part = temporary();
      try {
        await writeAll(part, bytes);
        const download = finish();
        const file = fileOf(download.sha256);
        await rename(part, file);
        return { ...download, written: Math.floor((await stat(file)).mtimeMs) };
      } catch (error) {
        await rm(part, { force: true });
        throw fromErrno(error, `cannot write to ${dir}`);
      }
    },
  };
}

async function writeAll(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of bytes)
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
  } finally {
    await handle.close();
  }
}

async function replacing(part: string, file: string, write: (part: string) => Promise<void>): Promise<void> {
  try {
    await write(part);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw fromErrno(error, `cannot write ${file}`);
  }
}

/** Undefined for what is no record. */
function recordIn(text: string): Download | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { etag, lastModified, mtime, sha256: hex, size, written } = value as Partial<Record<keyof Download, unknown>>;
  const isCount = (number: unknown): number is number => Number.isSafeInteger(number) && Number(number) >= 0;
  if (typeof hex !== 'string' || !/^[0-9a-f]{64}$/.test(hex) || !isCount(size) || !isCount(mtime) || !isCount(written))
    return undefined;
  return {
    sha256: hex,
    size,
    mtime,
    written,
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof lastModified === 'string' ? { lastModified } : {}),
  };
}
