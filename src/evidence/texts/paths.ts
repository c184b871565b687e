import type { ByteString } from '../../base/path.ts';

/** Paths that are taken out of one text. */
const MAX_PATHS = 20_000;
/** PATH_MAX. */
const MAX_PATH_BYTES = 4096;
/** At least two names: `/x` is a web address or an option far more often than a file. */
const PATH = /(?<![\w./@%:~*?$\\)}\]-])\/[\w.+@%-]+(?:\/[\w.+@%-]+)+\/?/g;

/** Absolute paths in a text, each once, in its order. Those that are the tail of something longer (`http://x/y`, `$HOME/x`, `../x`) do not count. */
export function pathsInText(text: ByteString): ByteString[] {
  const found = new Set<ByteString>();
  for (const [path] of text.matchAll(PATH)) {
    if (found.size >= MAX_PATHS) break;
    if (path.length <= MAX_PATH_BYTES) found.add(path.replace(/[.,]*\/?$/, ''));
  }
  return [...found];
}

/** Absolute paths that a constant of a program is, or a list of them with colons (`/etc/terminfo:/lib/terminfo`). */
export function pathsInConstant(text: ByteString): ByteString[] {
  if (!text.startsWith('/')) return [];
  return text
    .split(':')
    .filter((part) => /^\/[\w.+@-]+(?:\/[\w.+@-]+)+\/?$/.test(part))
    .map((part) => part.replace(/\/$/, ''));
}
