/** A URI reference for a path, whatever chars the name has. */
export function uriOfPath(path: string): string {
  const encoded = path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded;
}
