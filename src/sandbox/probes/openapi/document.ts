import { TareError } from '../../../base/error.ts';
import { yamlValue } from '../../../base/yaml.ts';

const MAX_TEXT_LENGTH = 10 * 1024 * 1024; // 10 Mi UTF-16 units
/** A reference that leads to a reference. */
const MAX_HOPS = 20;

export type Fields = Readonly<Record<string, unknown>>;

/** An OpenAPI description, with its references followed where they stand. */
export interface Document {
  readonly root: Fields;
  /** Swagger 2.0, as opposed to OpenAPI 3. */
  readonly old: boolean;
  /** The object itself, or what its `$ref` means; undefined when it is none. @throws TareError E_OPENAPI for what is not in this document */
  resolve(value: unknown): Fields | undefined;
}

/** @throws TareError E_OPENAPI */
export function parseOpenapi(text: string, where: string): Document {
  const fail = (message: string): TareError => new TareError('E_OPENAPI', `${where}: ${message}`);
  if (text.length > MAX_TEXT_LENGTH) throw fail(`larger than ${MAX_TEXT_LENGTH} characters`);
  const read = yamlValue(text);
  if ('problem' in read) throw new TareError('E_OPENAPI', `${where}${read.at}: ${read.problem}`);
  const root = read.value;
  if (!isFields(root)) throw fail('not a map of keys and values');
  const version = root['openapi'] ?? root['swagger'];
  const old = root['openapi'] === undefined;
  if (!(old ? /^2\.0$/ : /^3\.[0-2]\.\d+/).test(String(version)))
    throw fail(`neither openapi 3 nor swagger 2.0 (version ${JSON.stringify(version) ?? 'missing'})`);
  return {
    root,
    old,
    resolve(value) {
      let at = value;
      for (let hops = 0; isFields(at) && typeof at['$ref'] === 'string'; hops++) {
        if (hops === MAX_HOPS) throw fail(`the reference ${JSON.stringify(at['$ref'])} leads in a circle`);
        at = pointedAt(root, at['$ref'], fail);
      }
      return isFields(at) ? at : undefined;
    },
  };
}

/** RFC 6901 in a fragment. */
function pointedAt(root: Fields, reference: string, fail: (message: string) => TareError): unknown {
  if (!reference.startsWith('#'))
    throw fail(`the reference ${JSON.stringify(reference)} leads out of the file: put what it means into it`);
  let at: unknown = root;
  for (const part of fragmentOf(reference, fail).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const next: unknown =
      typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Fields)[key] : undefined;
    if (next === undefined) throw fail(`the reference ${JSON.stringify(reference)} leads nowhere`);
    at = next;
  }
  return at;
}

function fragmentOf(reference: string, fail: (message: string) => TareError): string {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch (error) {
    if (error instanceof URIError) throw fail(`the reference ${JSON.stringify(reference)} is badly encoded`);
    throw error;
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The element of a list, or nothing. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
