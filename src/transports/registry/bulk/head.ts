/** The head of an answer whose body is as long as it says, and no other. */
export interface Head {
  readonly status: number;
  /** Values in their order, by names in small letters. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Of the body, in bytes. */
  readonly length: number;
}

/** As Node's own parser has it. */
export const MAX_HEAD_BYTES = 16 * 1024; // 16 KiB

const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [^\0\r\n]*)?$/;
/** RFC 9110, sections 5.1 and 5.5: a token, and what may be seen of Latin-1, with blanks between. */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*?)[ \t]*$/;
/** Of which no body comes, whatever the head says (RFC 9112, section 6.3). */
const BODILESS = new Set([204, 205, 304]);

/**
 * Reads the head of an answer of HTTP/1.1 (RFC 9112).
 * @param text as Latin-1, without the empty line that ends it
 * @returns undefined for whatever is not said in the plainest way: a body in chunks or without a length, an older protocol, an answer that is not the last one
 */
export function parseHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? 0);
  if (status === 0 || BODILESS.has(status)) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    const values = headers.get(key);
    if (values === undefined) headers.set(key, [value]);
    else values.push(value);
  }
  const lengths = headers.get('content-length') ?? [];
  const length = Number(lengths[0]);
  const isPlain = lengths.length === 1 && /^\d{1,15}$/.test(lengths[0] as string) && !headers.has('transfer-encoding');
  return isPlain ? { status, headers, length } : undefined;
}
