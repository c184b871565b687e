import { posix } from 'node:path';

/** Stands for "some text that is only known when the program runs". No file's name can hold it. */
export const WILD = '\0';

export function joinTexts(texts: readonly string[]): string {
  return texts.length === 0 ? '.' : posix.join(...texts);
}

/** The folder of an unknown path is unknown. */
export function dirnameOf(path: string): string {
  return path === WILD ? WILD : posix.dirname(path);
}

/** Here a file URL is 'file://' and the plain path: nothing was encoded, so nothing needs decoding. */
export function pathOfUrl(url: string): string {
  return url.startsWith('file://') ? url.slice('file://'.length) : url;
}

export function joinUrl(name: string, base: string): string {
  if (!base.startsWith('file://')) return WILD;
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return name;
  // The URL parser would encode the mark of unknown text, so the path is joined by hand.
  const path = pathOfUrl(base);
  const relative = decodedName(name.replace(/[?#].*$/s, ''));
  return `file://${relative.startsWith('/') ? posix.normalize(relative) : posix.join(path.endsWith('/') ? path : posix.dirname(path), relative)}`;
}

function decodedName(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
