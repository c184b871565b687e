import { isFields, listOf, type Document, type Fields } from './document.ts';
import type { Examples } from './example.ts';

/** What an operation is told beside its body. */
export interface Arguments {
  /** The path with its values in place of `{name}`. */
  readonly path: string;
  /** Encoded, without '?'. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Set elsewhere (OpenAPI 3.1, Parameter Object). */
const OTHERS_HEADERS = new Set(['accept', 'authorization', 'content-type']);

/**
 * Values for the parameters of an operation: those of the path always, the others when they are required or have an example. A value that
 * cannot be made is `1`. Bodies (`in: body`, `in: formData`) are left out.
 */
export function argumentsOf(
  template: string,
  parameters: readonly Fields[],
  { document, examples }: { readonly document: Document; readonly examples: Examples },
): Arguments {
  let path = template;
  const query: string[] = [];
  const cookies: string[] = [];
  const headers: Record<string, string> = {};
  for (const parameter of parameters) {
    const name = String(parameter['name']);
    const place = parameter['in'];
    const media = isFields(parameter['content']) ? document.resolve(Object.values(parameter['content'])[0]) : undefined;
    // Swagger 2 writes the schema into the parameter itself.
    const schema = media?.['schema'] ?? parameter['schema'] ?? parameter;
    const told = examples.written(parameter) ?? (media === undefined ? undefined : examples.written(media));
    const hasExample = told !== undefined || document.resolve(schema)?.['example'] !== undefined;
    if (place !== 'path' && parameter['required'] !== true && !hasExample) continue;
    const made = told?.value ?? examples.of(schema) ?? 1;
    const value = media === undefined ? made : JSON.stringify(made);
    if (place === 'path') path = path.replaceAll(`{${name}}`, () => percentEncoded(flat(value, ',')));
    else if (place === 'query') query.push(...queryPairs(name, value, parameter));
    else if (place === 'header' && isHeader(name)) headers[name.toLowerCase()] = printable(flat(value, ','));
    else if (place === 'cookie') cookies.push(`${percentEncoded(name)}=${percentEncoded(flat(value, ','))}`);
  }
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  return { path: path.replace(/\{[^{}/]*\}/g, '1'), query: query.join('&'), headers };
}

const isHeader = (name: string): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !OTHERS_HEADERS.has(name.toLowerCase());

/** What a header can carry. */
const printable = (text: string): string => text.replace(/[^\t\x20-\x7e]/g, '?');

/** Style `form` and its like (OpenAPI 3.1, Style Values); `collectionFormat` of Swagger 2. */
function queryPairs(name: string, value: unknown, parameter: Fields): readonly string[] {
  const style = parameter['style'] ?? 'form';
  const format = parameter['collectionFormat'];
  const old = parameter['schema'] === undefined && parameter['content'] === undefined;
  const explode = old ? format === 'multi' : (parameter['explode'] ?? style === 'form') === true;
  const pair = (key: string, inner: unknown): string => `${percentEncoded(key)}=${percentEncoded(flat(inner, ','))}`;
  if (isFields(value)) {
    if (style === 'deepObject') return Object.entries(value).map(([key, inner]) => pair(`${name}[${key}]`, inner));
    if (explode) return Object.entries(value).map(([key, inner]) => pair(key, inner));
  }
  if (Array.isArray(value)) {
    if (explode) return value.map((inner) => pair(name, inner));
    const separator =
      style === 'spaceDelimited' || format === 'ssv'
        ? ' '
        : style === 'pipeDelimited' || format === 'pipes'
          ? '|'
          : ',';
    return [`${percentEncoded(name)}=${percentEncoded(flat(value, separator))}`];
  }
  return [pair(name, value)];
}

/** As one text: lists and objects as in style `simple`. */
function flat(value: unknown, separator: string): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((inner) => flat(inner, separator)).join(separator);
  if (isFields(value))
    return Object.entries(value)
      .flatMap(([key, inner]) => [key, flat(inner, separator)])
      .join(separator);
  return JSON.stringify(value) ?? '';
}

/** Those of the path and those of the operation, which replace them by name and place. */
export function parametersOf(document: Document, path: Fields, operation: Fields): readonly Fields[] {
  const found = new Map<string, Fields>();
  for (const given of [...listOf(path['parameters']), ...listOf(operation['parameters'])]) {
    const parameter = document.resolve(given);
    if (parameter !== undefined) found.set(JSON.stringify([parameter['in'], parameter['name']]), parameter);
  }
  return [...found.values()];
}

/** As encodeURIComponent, which refuses half a surrogate pair. */
export const percentEncoded = (text: string): string => encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
