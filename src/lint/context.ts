import { open, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join, posix } from 'node:path';
import { errnoOf, fromErrno } from '../base/error.ts';
import type { Dockerfile } from '../formats/dockerfile/types.ts';
import { ignoreFor } from '../solve/context/ignore-for.ts';
import type { BuildContext, SourceKind } from './facts/types.ts';

/** Sources of COPY and ADD that are looked at. */
const MAX_SOURCES = 1000;
/** `ustar` stands at 257. */
const HEAD_BYTES = 262;
const MAGIC: readonly (readonly [offset: number, bytes: string])[] = [
  [0, '\x1f\x8b'],
  [0, 'BZh'],
  [0, '\xfd7zXZ\0'],
  [0, '\x28\xb5\x2f\xfd'],
  [0, '\x5d\0\0'],
  [257, 'ustar'],
];

/**
 * What is known of the folder that is built. Undefined when it was only assumed to be that of the Dockerfile, and something that is copied is not there.
 * @param dockerfile host path; undefined when it is no file
 * @throws TareError E_IGNORE_FILE, E_LIMIT, E_PERMISSION, E_IO
 */
export async function contextOf(
  dir: string,
  file: Dockerfile,
  options: { readonly dockerfile: string | undefined; readonly assumed: boolean },
): Promise<BuildContext | undefined> {
  const kinds = new Map<string, SourceKind>();
  for (const source of sourcesOf(file)) {
    if (kinds.size === MAX_SOURCES) break;
    if (!kinds.has(source)) kinds.set(source, await kindOf(join(dir, posix.join('/', source))));
  }
  if (options.assumed && [...kinds.values()].includes('missing')) return undefined;
  return { ignore: await ignoreFor(dir, options.dockerfile), kinds };
}

/** Those that name one path of the context. */
function sourcesOf({ instructions }: Dockerfile): string[] {
  return instructions.flatMap((node) => {
    if ((node.kind !== 'COPY' && node.kind !== 'ADD') || (node.kind === 'COPY' && node.from !== undefined)) return [];
    return node.sources.map(({ value }) => value).filter((value) => !/[$*?[\0]|:\/\/|^[\w.-]+@[\w.-]+:/.test(value));
  });
}

async function kindOf(path: string): Promise<SourceKind> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) return 'directory';
    return info.isFile() && (await isArchive(path)) ? 'archive' : 'file';
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(errno)) return 'missing';
    throw fromErrno(error, `cannot look at ${path}`);
  }
}

async function isArchive(path: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    return MAGIC.some(([offset, bytes]) => head.startsWith(bytes, offset));
  } finally {
    await handle.close();
  }
}
