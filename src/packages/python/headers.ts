import type { ByteString } from '../../base/path.ts';

/** What says which distribution it is (core metadata specification); the rest speaks of the whole of it or is prose. */
const FIELDS = new Set([
  'metadata-version',
  'name',
  'version',
  'author',
  'author-email',
  'maintainer',
  'maintainer-email',
  'license',
  'license-expression',
]);
const MAX_HEADER_LINES = 100_000;

/** The value of a header of METADATA or PKG-INFO, which have the form of a mail: headers, a blank line, prose. */
export function headerOf(text: ByteString, name: string): ByteString | undefined {
  const found = headers(text).find((header) => header.name === name.toLowerCase());
  return found?.lines[0]?.slice(name.length + 1).trim();
}

/** The same with only the headers that identify the distribution. */
export function reducedHeaders(text: ByteString): ByteString {
  return headers(text)
    .filter((header) => FIELDS.has(header.name))
    .map((header) => header.lines.map((line) => `${line}\n`).join(''))
    .join('');
}

function headers(text: ByteString): { readonly name: string; readonly lines: string[] }[] {
  const out: { name: string; lines: string[] }[] = [];
  for (const line of text.split(/\r?\n/, MAX_HEADER_LINES)) {
    if (line === '') break;
    const name = /^([A-Za-z0-9-]{1,64}):/.exec(line)?.[1];
    if (name !== undefined) out.push({ name: name.toLowerCase(), lines: [line] });
    else if (/^[ \t]/.test(line)) out.at(-1)?.lines.push(line);
  }
  return out;
}
