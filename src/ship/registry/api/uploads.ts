import type { Digest } from '../../../base/digest.ts';
import { RegistryError, type ResponseHeaders } from '../errors.ts';
import { announcedLength, bodyOf, type Room } from '../http/body.ts';
import { headerOf, type Exchange, type Handler } from '../http/exchange.ts';
import { parseChunkRange } from '../http/range.ts';
import { send } from '../http/respond.ts';
import { checkedDigest, checkedName } from '../route.ts';
import type { Upload } from '../storage/upload.ts';
import { blobLocation } from './blobs.ts';

/** distribution-spec 1.1, "Pushing blobs": POST starts an upload (end-4a), is a whole one (end-4b), or mounts a blob (end-11). */
export const startUpload: Handler<'uploads'> = async (exchange) => {
  const { res, service, query, route } = exchange;
  await service.quota.checkRepository(route.repository);
  if (query.has('mount') && (await mounted(exchange))) return;
  const digest = query.has('digest') ? checkedDigest(query.get('digest') ?? '') : undefined;
  await service.quota.room(service.uploads);
  const upload = await service.uploads.start(route.repository, algorithmOf(exchange, digest));
  if (upload === undefined)
    throw new RegistryError('TOOMANYREQUESTS', 'too many uploads are open', {
      status: 429,
      headers: { 'Retry-After': 30 },
    });
  if (digest === undefined) {
    send(res, { status: 202, headers: uploadHeaders(upload) });
    return;
  }
  try {
    await upload.append(bodyOf(exchange, await roomFor(exchange, upload)));
  } catch (error) {
    await upload.cancel();
    throw error;
  }
  await finish(exchange, upload, digest);
};

/** 1.1, "Pushing a blob in chunks": the algorithm may be announced, so that nothing need be read twice. */
function algorithmOf(exchange: Exchange<'uploads'>, digest: Digest | undefined): 'sha256' | 'sha512' {
  const told = exchange.query.get('digest-algorithm') ?? digest?.slice(0, 'sha256'.length) ?? 'sha256';
  if (told === 'sha256' || told === 'sha512') return told;
  throw new RegistryError('DIGEST_INVALID', 'the digest algorithm is neither sha256 nor sha512', { status: 400 });
}

/** False: the blob cannot be had, and the client is to push it. */
async function mounted(exchange: Exchange<'uploads'>): Promise<boolean> {
  const { res, service, query, route, principal } = exchange;
  const digest = checkedDigest(query.get('mount') ?? '');
  const from = query.get('from');
  const sources = from === null || from === '' ? await service.storage.repositories() : [checkedName(from)];
  return service.storage.naming(async () => {
    if ((await service.storage.blobs.size(digest)) === undefined) return false;
    for (const name of sources) {
      // Whoever may not read a blob there must not learn that it is there.
      if (!principal.mayPull(name) || !(await service.storage.repository(name).hasBlob(digest))) continue;
      await service.storage.repository(route.repository).linkBlob(digest);
      send(res, { status: 201, headers: blobHeaders(route.repository, digest) });
      return true;
    }
    return false;
  });
}

/** end-13: how far an upload is. */
export const getUpload: Handler<'upload'> = async (exchange) => {
  const upload = uploadOf(exchange);
  send(exchange.res, { status: 204, headers: uploadHeaders(upload) });
};

/** end-5: one more chunk; without a Content-Range, all that comes. */
export const patchUpload: Handler<'upload'> = async (exchange) => {
  await inTurn(exchange, async (upload) => {
    await append(exchange, upload);
    send(exchange.res, { status: 202, headers: uploadHeaders(upload) });
  });
};

/** end-6: the end, perhaps with a last chunk. */
export const putUpload: Handler<'upload'> = async (exchange) => {
  if (!exchange.query.has('digest'))
    throw new RegistryError('DIGEST_INVALID', 'the digest of the blob is missing', { status: 400 });
  const digest = checkedDigest(exchange.query.get('digest') ?? '');
  await inTurn(exchange, async (upload) => {
    await append(exchange, upload);
    // When it began there may have been room for one more repository, and others have taken it.
    await exchange.service.quota.checkRepository(upload.repository);
    await finish(exchange, upload, digest);
  });
};

/** end-14. */
export const deleteUpload: Handler<'upload'> = async (exchange) => {
  await inTurn(exchange, async (upload) => {
    await upload.cancel();
    send(exchange.res, { status: 204 });
  });
};

async function append(exchange: Exchange<'upload'>, upload: Upload): Promise<void> {
  const header = headerOf(exchange, 'content-range');
  const range = header === undefined ? undefined : parseChunkRange(header);
  if (header !== undefined && range === undefined)
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'the Content-Range is not START-END', { status: 400 });
  if (range !== undefined && range.start !== upload.size)
    throw new RegistryError('BLOB_UPLOAD_INVALID', `the chunk does not begin at ${upload.size}, where the upload is`, {
      status: 416,
      headers: uploadHeaders(upload),
    });
  const exactly = range === undefined ? undefined : range.end - range.start + 1;
  const wrongSize = (): RegistryError =>
    new RegistryError('SIZE_INVALID', 'the chunk is not as long as its Content-Range says', {
      status: 400,
      headers: uploadHeaders(upload),
    });
  const announced = announcedLength(exchange.req);
  if (exactly !== undefined && announced !== undefined && announced !== exactly) throw wrongSize();
  const room = await roomFor(exchange, upload);
  const expected =
    exactly === undefined || exactly > room.bytes ? room : { ...room, bytes: exactly, refusal: wrongSize() };
  if (!(await upload.append(bodyOf(exchange, expected), exactly))) throw wrongSize();
}

async function roomFor({ service }: Exchange<'upload' | 'uploads'>, upload: Upload): Promise<Room> {
  const all = await service.quota.room(service.uploads);
  const own = service.limits.maxBlobBytes - upload.size;
  if (own >= all.bytes) return all;
  return { bytes: own, ...(all.shared === undefined ? {} : { shared: all.shared }) };
}

async function finish(exchange: Exchange<'upload' | 'uploads'>, upload: Upload, digest: Digest): Promise<void> {
  const { service, route, res } = exchange;
  if (!(await upload.finish(digest)))
    throw new RegistryError('DIGEST_INVALID', 'the content does not have this digest', {
      status: 400,
      detail: { digest },
    });
  service.quota.add(upload.size);
  send(res, { status: 201, headers: blobHeaders(route.repository, digest) });
}

function uploadOf({ service, route }: Exchange<'upload'>): Upload {
  const upload = service.uploads.find(route.repository, route.id);
  if (upload === undefined) throw uploadUnknown();
  return upload;
}

async function inTurn(exchange: Exchange<'upload'>, work: (upload: Upload) => Promise<void>): Promise<void> {
  let found = false;
  await exchange.service.uploads.alone(uploadOf(exchange), async (upload) => {
    found = true;
    await work(upload);
  });
  if (!found) throw uploadUnknown();
}

function uploadUnknown(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'there is no such upload: it has ended, or was given up', {
    status: 404,
  });
}

function uploadHeaders(upload: Upload): ResponseHeaders {
  return {
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    'Docker-Upload-UUID': upload.id,
    // Both ends are included: an empty upload cannot be told from one of a byte. All registries say it so.
    Range: `0-${Math.max(0, upload.size - 1)}`,
  };
}

function blobHeaders(repository: string, digest: Digest): ResponseHeaders {
  return { Location: blobLocation(repository, digest), 'Docker-Content-Digest': digest };
}
