import { isDigest, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';

/** A parsed JSON value with its place in the document (`$.layers[2].size`), for messages. */
export interface JsonValue {
  readonly value: unknown;
  readonly at: string;
  /** What the document is, e.g. `manifest`. */
  readonly document: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Real documents have six levels; a deep one would overflow the stack of whoever walks it. */
const MAX_DEPTH = 64;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws TareError E_LIMIT beyond `maxBytes` or 64 levels; E_MANIFEST when it is not JSON in UTF-8 */
export function parseJson(bytes: Uint8Array, document: string, maxBytes: number): JsonValue {
  if (bytes.length > maxBytes)
    throw new TareError('E_LIMIT', `a ${document} of ${bytes.length} bytes is larger than ${maxBytes}`);
  if (depthOf(bytes) > MAX_DEPTH)
    throw new TareError('E_LIMIT', `a ${document} is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return { value: JSON.parse(UTF8.decode(bytes)), at: '$', document };
  } catch (error) {
    throw new TareError('E_MANIFEST', `the ${document} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return deepest;
}

export function wrong(json: JsonValue, problem: string): TareError {
  return new TareError('E_MANIFEST', `the ${json.document} is not valid: ${json.at} ${problem}`);
}

export function asObject(json: JsonValue): JsonObject {
  if (json.value === null || typeof json.value !== 'object' || Array.isArray(json.value))
    throw wrong(json, `must be an object, not ${kindOf(json.value)}`);
  return json.value as JsonObject;
}

export function member(json: JsonValue, key: string): JsonValue {
  const object = asObject(json);
  const place = /^\w+$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 100))}]`;
  return {
    value: Object.hasOwn(object, key) ? object[key] : undefined,
    at: `${json.at}${place}`,
    document: json.document,
  };
}

export function asArray(json: JsonValue): JsonValue[] {
  if (!Array.isArray(json.value)) throw wrong(json, `must be an array, not ${kindOf(json.value)}`);
  return json.value.map((value: unknown, index) => ({ value, at: `${json.at}[${index}]`, document: json.document }));
}

/** No NUL: most strings end up in paths, arguments and environments, where it would cut them short. */
export function asString(json: JsonValue): string {
  if (typeof json.value !== 'string') throw wrong(json, `must be a string, not ${kindOf(json.value)}`);
  if (json.value.includes('\0')) throw wrong(json, 'holds a NUL character');
  return json.value;
}

export function asFilledString(json: JsonValue): string {
  const text = asString(json);
  if (text === '') throw wrong(json, 'must not be empty');
  return text;
}

export function asBoolean(json: JsonValue): boolean {
  if (typeof json.value !== 'boolean') throw wrong(json, `must be true or false, not ${kindOf(json.value)}`);
  return json.value;
}

export function asInteger(json: JsonValue): number {
  if (!Number.isSafeInteger(json.value)) throw wrong(json, `must be a whole number, not ${kindOf(json.value)}`);
  return json.value as number;
}

export function asSize(json: JsonValue): number {
  const size = asInteger(json);
  if (size < 0) throw wrong(json, 'must not be negative');
  return size;
}

export function asDigest(json: JsonValue): Digest {
  const text = asString(json);
  if (!isDigest(text)) throw wrong(json, 'must be sha256: or sha512: and the right count of lower-case hex digits');
  return text;
}

export function asStrings(json: JsonValue): string[] {
  return asArray(json).map(asString);
}

export function asStringMap(json: JsonValue): Record<string, string> {
  return Object.fromEntries(Object.keys(asObject(json)).map((key) => [key, asString(member(json, key))]));
}

type Reader<T> = (json: JsonValue) => T;

/**
 * An object with its known members read and its unknown ones kept as they are. A known member that is missing, or null as Go writes an
 * empty list or map, is left out of the result.
 */
export function readObject<T extends object>(json: JsonValue, readers: { readonly [K in keyof T]: Reader<T[K]> }): T {
  const result: Record<string, unknown> = { ...asObject(json) };
  for (const [key, read] of Object.entries<Reader<unknown>>(readers)) {
    const inner = member(json, key);
    if (inner.value === undefined || inner.value === null) delete result[key];
    else result[key] = read(inner);
  }
  return result as T;
}

/** For members that must be there. */
export function requireMember(json: JsonValue, key: string): void {
  const inner = member(json, key);
  if (inner.value === undefined || inner.value === null) throw wrong(inner, 'is missing');
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
