import { isDigest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Bytes } from '../../base/streams.ts';
import { PROGRESS_STEP_BYTES } from '../blobs.ts';
import { savedImage } from '../docker-archive/read.ts';
import { familiarName } from '../docker-archive/names.ts';
import { savedArchive } from '../docker-archive/write.ts';
import { MAX_ARCHIVE_BYTES } from '../open-archive.ts';
import { scratchFile } from '../scratch.ts';
import { indexTar } from '../tar-file.ts';
import type { Transport } from '../types.ts';
import { connectDaemon } from './client.ts';

const STEP = 'fetch';

/** A name with its tag, or what the daemon calls an image ID. */
function daemonName(rest: string): string {
  if (rest === '') throw new TareError('E_REFERENCE', '"docker-daemon:" names no image');
  return isDigest(rest) ? rest : familiarName(rest);
}

/** Tells how much has come; how much is to come, a daemon does not say. */
async function* fetched(source: Bytes, reference: string, ctx: Context): AsyncGenerator<Uint8Array> {
  ctx.onEvent({ kind: 'step.started', step: STEP, detail: reference });
  let done = 0;
  let told = 0;
  for await (const chunk of source) {
    done += chunk.length;
    yield chunk;
    if (done - told < PROGRESS_STEP_BYTES) continue;
    told = done;
    ctx.onEvent({ kind: 'step.progress', step: STEP, done, unit: 'bytes' });
  }
  ctx.onEvent({ kind: 'step.done', step: STEP });
}

/**
 * The images of a Docker daemon, through the Engine API at DOCKER_HOST. They travel as `docker save` archives: from a daemon to a temporary file
 * without a name, to a daemon as a stream.
 */
export const transport: Transport = {
  open: async (rest, { ctx, platform, store }) => {
    const name = daemonName(rest);
    const reference = `docker-daemon:${name}`;
    const client = await connectDaemon(process.env, ctx.signal);
    try {
      const file = await scratchFile(fetched(client.save(name), reference, ctx), {
        home: store.home,
        what: `${name} of the daemon at ${client.shown}`,
        limit: MAX_ARCHIVE_BYTES,
        signal: ctx.signal,
      });
      const tar = await indexTar(file, ctx.signal);
      return await savedImage(tar, { reference, name: undefined, platform, signal: ctx.signal });
    } finally {
      await client.close();
    }
  },
  write: async (image, rest, tools) => {
    const name = familiarName(rest);
    const archive = await savedArchive(image, [name], tools);
    const client = await connectDaemon(process.env, tools.ctx.signal);
    try {
      await client.load(archive.bytes);
    } finally {
      await client.close();
    }
    const { blobs, contentBytes: bytes, digest } = archive;
    return { reference: `docker-daemon:${name}`, digest, bytes, blobs, reused: 0 };
  },
  identity: (rest) => Promise.resolve(`docker-daemon:${daemonName(rest)}`),
};
