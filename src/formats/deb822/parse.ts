import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import { MAX_DEB822_BYTES, MAX_FIELD_NAME_BYTES, MAX_FIELDS, MAX_STANZAS } from './limits.ts';
import type { Stanza } from './types.ts';

/** Names are ASCII without blank, control character and colon, and start with neither '#' nor '-' (Debian policy, section 5.1). */
const FIELD_NAME = /^[!-"$-,.-9;-~][!-9;-~]*$/;

/**
 * Control stanzas of Debian (policy, section 5.1): `status`, `status.d/*`, `control`, `Packages`. Lines may end in CR LF; lines that
 * start with '#' are comments; a line of blanks ends a stanza.
 * @param what names the file in messages
 * @throws TareError E_PACKAGE_DB naming the line; E_LIMIT
 */
export function parseDeb822(bytes: Uint8Array, what: string): Stanza[] {
  if (bytes.length > MAX_DEB822_BYTES)
    throw new TareError('E_LIMIT', `${what} has ${bytes.length} bytes, more than ${MAX_DEB822_BYTES}`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const stanzas: Stanza[] = [];
  let reader = stanzaReader(what);
  let number = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const line = trimEnd(text.slice(at, end === -1 ? text.length : end));
    at = end === -1 ? text.length : end + 1;
    number += 1;
    if (line !== '') reader.line(line, number);
    else if (reader.size() > 0) {
      stanzas.push(reader.done());
      reader = stanzaReader(what);
      if (stanzas.length > MAX_STANZAS) throw new TareError('E_LIMIT', `${what} has more than ${MAX_STANZAS} stanzas`);
    }
  }
  if (reader.size() > 0) stanzas.push(reader.done());
  return stanzas;
}

/** A field by name; case does not matter (policy, section 5.1). */
export function fieldOf(stanza: Stanza, name: string): ByteString | undefined {
  const exact = stanza.get(name);
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  for (const [key, value] of stanza) if (key.toLowerCase() === wanted) return value;
  return undefined;
}

interface StanzaReader {
  line(line: string, number: number): void;
  size(): number;
  done(): Stanza;
}

function stanzaReader(what: string): StanzaReader {
  const fields = new Map<string, string>();
  const seen = new Set<string>();
  let name: string | undefined;
  let lines: string[] = [];
  const close = (): void => {
    if (name !== undefined) fields.set(name, lines.length === 1 ? (lines[0] as string) : lines.join('\n'));
  };
  const open = (line: string, number: number): void => {
    const colon = line.indexOf(':');
    const next = colon === -1 ? line : line.slice(0, colon);
    if (colon === -1 || next.length > MAX_FIELD_NAME_BYTES || !FIELD_NAME.test(next))
      throw malformed(what, number, 'is neither a field nor its continuation');
    const key = next.toLowerCase();
    if (seen.has(key)) throw malformed(what, number, `gives the field ${next} a second time`);
    if (seen.size >= MAX_FIELDS)
      throw new TareError('E_LIMIT', `${what}, line ${number}: a stanza has more than ${MAX_FIELDS} fields`);
    seen.add(key);
    close();
    name = next;
    lines = [trimStart(line.slice(colon + 1))];
  };
  return {
    line: (line, number) => {
      const first = line.charCodeAt(0);
      if (first === 0x23) return;
      if (first !== 0x20 && first !== 0x09) open(line, number);
      else if (name === undefined) throw malformed(what, number, 'continues a field, but none was begun');
      else lines.push(line.slice(1));
    },
    size: () => seen.size,
    done: () => {
      close();
      return fields;
    },
  };
}

function malformed(what: string, line: number, why: string): TareError {
  return new TareError('E_PACKAGE_DB', `${what}, line ${line} ${why}`);
}

/** Blank, tab and CR only: what `String.trim` takes for white space beyond ASCII is half of a UTF-8 sequence here. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return end === line.length ? line : line.slice(0, end);
}

function trimStart(line: string): string {
  let start = 0;
  while (start < line.length && isBlank(line.charCodeAt(start))) start += 1;
  return line.slice(start);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d;
}
