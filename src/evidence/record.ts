import { TareError } from '../base/error.ts';

export function invalid(why: string): TareError {
  return new TareError('E_MANIFEST', `the record of reasons is not valid: ${why}`);
}

/** Typed access to the members of a JSON object. Each throws TareError E_MANIFEST when the member is missing or something else. */
export interface Reader {
  text(key: string): string;
  list(key: string): readonly unknown[];
  texts(key: string): readonly string[];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws TareError E_LIMIT when larger than `maxBytes`, E_JSON when it is not JSON, E_MANIFEST when it is not an object */
export function reader(bytes: Uint8Array, maxBytes: number): Reader {
  if (bytes.length > maxBytes)
    throw new TareError('E_LIMIT', `the record of reasons has ${bytes.length} bytes, more than ${maxBytes}`);
  const value = parse(bytes);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalid('it is not an object');
  const members = new Map<string, unknown>(Object.entries(value));
  const list = (key: string): readonly unknown[] => {
    const member = members.get(key);
    if (!Array.isArray(member)) throw invalid(`"${key}" is not a list`);
    return member;
  };
  return {
    list,
    text: (key) => textOf(key, members.get(key)),
    texts: (key) => list(key).map((item) => textOf(key, item)),
  };
}

function textOf(key: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(`"${key}" holds something that is not text`);
  return value;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes)) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new TareError('E_JSON', `the record of reasons is not JSON: ${error.message}`, { cause: error });
  }
}
