import { resolve } from 'node:path';
import { openArchive } from '../open-archive.ts';
import { realPath } from '../real-path.ts';
import { splitPathReference } from '../split-reference.ts';
import { storeNameOf } from '../store-name.ts';
import type { Transport } from '../types.ts';
import { replaceFile } from '../write-file.ts';
import { familiarName } from './names.ts';
import { savedImage } from './read.ts';

function placeOf(rest: string): { readonly file: string; readonly name: string | undefined } {
  const { name, path } = splitPathReference('docker-archive', rest);
  return { file: resolve(path), name: name === undefined || name.startsWith('@') ? name : familiarName(name) };
}

function referenceOf(file: string, name: string | undefined): string {
  return `docker-archive:${file}${name === undefined ? '' : `:${name}`}`;
}

/**
 * What `docker save` writes and `docker load` reads. Written as a whole: an archive that was there is replaced, with all that it held. Without
 * a name the image keeps the one that it has in the store.
 */
export const transport: Transport = {
  open: async (rest, tools) => {
    const { file, name } = placeOf(rest);
    const tar = await openArchive(file, tools);
    const { platform } = tools;
    return savedImage(tar, { reference: referenceOf(file, name), name, platform, signal: tools.ctx.signal });
  },
  write: async (image, rest, tools) => {
    const { savedArchive } = await import('./write.ts');
    const { file, name: given } = placeOf(rest);
    const name = given === undefined ? storeNameOf(image) : familiarName(given);
    const archive = await savedArchive(image, name === undefined ? [] : [name], tools);
    await replaceFile(file, archive.bytes, tools.ctx.signal);
    const { blobs, contentBytes: bytes, digest } = archive;
    return { reference: referenceOf(file, given), digest, bytes, blobs, reused: 0 };
  },
  identity: async (rest) => `docker-archive:${await realPath(placeOf(rest).file)}`,
};
