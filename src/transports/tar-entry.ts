import type { Bytes } from '../base/streams.ts';
import type { TarInput } from '../formats/tar/index.ts';

/** What every member of an image archive has: nothing in it depends on who writes it, and when. */
const PLAIN = { uid: 0, gid: 0, mtime: 0 } as const;

/** A file of an image archive; the name is ASCII. */
export function fileEntry(path: string, size: number, body: Bytes | Uint8Array): TarInput {
  return { header: { ...PLAIN, path, type: 'file', mode: 0o644, size }, body };
}

export function folderEntry(path: string): TarInput {
  return { header: { ...PLAIN, path: `${path}/`, type: 'directory', mode: 0o755, size: 0 } };
}
