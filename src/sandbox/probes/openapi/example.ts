import { isFields, listOf, type Document, type Fields } from './document.ts';

/** Schemas inside of schemas; what lies deeper is left out. */
const MAX_DEPTH = 8;
/** From here on only what is required is made: schemas refer to each other and to themselves. */
const SPARSE_DEPTH = 3;
const MAX_ITEMS = 10;
const MAX_TEXT = 1000;
/** For all of one document: schemas that refer to each other many times would grow without bound. */
const MAX_MADE = 20_000;

/** Values that fit a `format` (OpenAPI Format Registry; JSON Schema 2020-12, validation, section 7.3). */
const FORMATS: Readonly<Record<string, string>> = {
  date: '2024-01-02',
  'date-time': '2024-01-02T03:04:05Z',
  time: '03:04:05Z',
  duration: 'P1D',
  email: 'user@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'http://example.com/',
  url: 'http://example.com/',
  'uri-reference': '/',
  uuid: '00000000-0000-4000-8000-000000000001',
  byte: 'dGFyZQ==',
  binary: 'tare',
};

/** Makes values that fit schemas; the same document gives the same values. */
export interface Examples {
  /** Undefined: nothing can be said of it, as of a schema that holds nothing but itself. */
  of(schema: unknown): unknown;
  /** What an author wrote down as an example beside a schema: `example`, or the first of `examples`. */
  written(holder: Fields): { readonly value: unknown } | undefined;
}

export function createExamples(document: Document): Examples {
  let made = 0;
  const written = (holder: Fields): { readonly value: unknown } | undefined => {
    if (holder['example'] !== undefined) return { value: holder['example'] };
    const first: unknown = isFields(holder['examples']) ? Object.values(holder['examples'])[0] : undefined;
    const example = document.resolve(first);
    return example?.['value'] === undefined ? undefined : { value: example['value'] };
  };
  const make = (given: unknown, depth: number): unknown => {
    const schema = document.resolve(given);
    made += 1;
    if (schema === undefined || depth > MAX_DEPTH || made > MAX_MADE) return undefined;
    const told = toldBy(schema);
    if (told !== undefined) return told.value;
    const choice = listOf(schema['oneOf'])[0] ?? listOf(schema['anyOf'])[0];
    const parts = [...listOf(schema['allOf']), ...(choice === undefined ? [] : [choice])];
    if (parts.length === 0) return byType(schema, depth);
    const values = parts.map((part) => make(part, depth + 1)).filter((value) => value !== undefined);
    if (values.length === 0) return byType(schema, depth);
    if (!values.every(isFields)) return values[0];
    const own = isFields(schema['properties']) ? objectOf(schema, depth) : {};
    return Object.fromEntries([...values, own].flatMap((fields) => Object.entries(fields)));
  };
  const byType = (schema: Fields, depth: number): unknown => {
    switch (typeOf(schema)) {
      case 'string':
        return textFor(schema);
      case 'integer':
      case 'number':
        return numberFor(schema);
      case 'boolean':
        return true;
      case 'array': {
        const item = make(schema['items'], depth + 1);
        if (item === undefined) return [];
        const count = Math.min(Math.max(numberAt(schema, 'minItems') ?? 1, 1), MAX_ITEMS);
        return Array.from({ length: count }, () => item);
      }
      case 'object':
        return objectOf(schema, depth);
      case 'null':
        return null;
      default:
        return undefined;
    }
  };
  const objectOf = (schema: Fields, depth: number): Fields => {
    const required = new Set(listOf(schema['required']));
    const properties = isFields(schema['properties']) ? Object.entries(schema['properties']) : [];
    return Object.fromEntries(
      properties.flatMap(([name, property]) => {
        if (depth >= SPARSE_DEPTH && !required.has(name)) return [];
        // The server makes it.
        if (document.resolve(property)?.['readOnly'] === true) return [];
        const value = make(property, depth + 1);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  };
  return { of: (schema) => make(schema, 0), written };
}

function toldBy(schema: Fields): { readonly value: unknown } | undefined {
  for (const key of ['example', 'default', 'const'])
    if (schema[key] !== undefined && schema[key] !== null) return { value: schema[key] };
  const first = listOf(schema['examples'])[0] ?? listOf(schema['enum'])[0];
  return first === undefined ? undefined : { value: first };
}

/** OpenAPI 3.1 has lists of types; some authors leave the type out. */
function typeOf(schema: Fields): string | undefined {
  const { type } = schema;
  if (typeof type === 'string') return type;
  const named = listOf(type).find((one) => one !== 'null') ?? listOf(type)[0];
  if (typeof named === 'string') return named;
  if (isFields(schema['properties'])) return 'object';
  return schema['items'] === undefined ? undefined : 'array';
}

function textFor(schema: Fields): string {
  const format = FORMATS[String(schema['format'])];
  if (format !== undefined) return format;
  const most = Math.min(numberAt(schema, 'maxLength') ?? MAX_TEXT, MAX_TEXT);
  const least = Math.min(numberAt(schema, 'minLength') ?? 0, most);
  return 'tare'.padEnd(least, 'x').slice(0, Math.max(most, 0));
}

function numberFor(schema: Fields): number {
  const exclusive = schema['exclusiveMinimum'];
  const step = Math.max(numberAt(schema, 'multipleOf') ?? 1, 0);
  const lowest = numberAt(schema, 'minimum') ?? (typeof exclusive === 'number' ? exclusive : undefined);
  const highest = numberAt(schema, 'maximum');
  const above = exclusive === true || typeof exclusive === 'number' ? 1 : 0;
  const value = Math.max(1, (lowest ?? 1) + above);
  const fitting = step > 0 ? Math.ceil(value / step) * step : value;
  return highest !== undefined && fitting > highest ? highest : fitting;
}

function numberAt(schema: Fields, key: string): number | undefined {
  const value = schema[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
