import { open } from 'node:fs/promises';
import type { Digest } from '../../../base/digest.ts';
import { errnoOf } from '../../../base/error.ts';
import { RegistryError } from '../errors.ts';
import { headerOf, type Exchange, type Handler } from '../http/exchange.ts';
import { parseRange } from '../http/range.ts';
import { send, writeHead } from '../http/respond.ts';

/** The content under a digest never changes. */
const CACHE_CONTROL = 'private, max-age=31536000, immutable';

/** distribution-spec 1.1, "Pulling blobs" (end-2). Nothing is hashed here: a blob was verified before it got its name. */
export const getBlob: Handler<'blob'> = async (exchange) => {
  const { res, req, service, route } = exchange;
  const repository = service.storage.repository(route.repository);
  if (!(await repository.hasBlob(route.digest))) throw await blobUnknown(exchange);
  const file = await open(service.storage.blobFile(route.digest), 'r').catch(async (error: unknown) => {
    throw errnoOf(error) === 'ENOENT' ? await blobUnknown(exchange) : error;
  });
  try {
    const { size } = await file.stat();
    const etag = `"${route.digest}"`;
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Docker-Content-Digest': route.digest,
      ETag: etag,
      'Accept-Ranges': 'bytes',
      'Cache-Control': CACHE_CONTROL,
    };
    if (matches(headerOf(exchange, 'if-none-match'), etag)) {
      send(res, { status: 304, headers });
      return;
    }
    const range = rangeOf(exchange, size, etag);
    if (range === 'unsatisfiable')
      throw new RegistryError('SIZE_INVALID', 'the range is outside of the blob', {
        status: 416,
        headers: { 'Content-Range': `bytes */${size}` },
      });
    writeHead(res, range === undefined ? 200 : 206, {
      ...headers,
      'Content-Length': range === undefined ? size : range.end - range.start + 1,
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` }),
    });
    if (req.method === 'HEAD' || size === 0) res.end();
    else await service.sender.send(res, file, range ?? { start: 0, end: size - 1 });
  } finally {
    await file.close();
  }
};

function rangeOf(exchange: Exchange, size: number, etag: string): ReturnType<typeof parseRange> {
  // RFC 9110, 14.2: a range means something for GET only; 13.1.5: one of another content is ignored.
  if (exchange.req.method !== 'GET') return undefined;
  const condition = headerOf(exchange, 'if-range');
  if (condition !== undefined && condition !== etag) return undefined;
  return parseRange(headerOf(exchange, 'range'), size);
}

export function matches(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim()));
}

/** end-10. Other repositories keep theirs; the bytes go when nobody has them any more, by `collect`. */
export const deleteBlob: Handler<'blob'> = async (exchange) => {
  const { res, service, route } = exchange;
  if (!(await service.storage.repository(route.repository).unlinkBlob(route.digest))) throw await blobUnknown(exchange);
  send(res, { status: 202, headers: { 'Docker-Content-Digest': route.digest } });
};

async function blobUnknown(exchange: Exchange<'blob'>): Promise<RegistryError> {
  const { service, route } = exchange;
  if (await service.storage.repository(route.repository).exists())
    return new RegistryError('BLOB_UNKNOWN', 'the repository has no such blob', {
      status: 404,
      detail: { digest: route.digest },
    });
  return nameUnknown(route.repository);
}

export function nameUnknown(name: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', 'the registry has no such repository', { status: 404, detail: { name } });
}

export function blobLocation(repository: string, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`;
}
