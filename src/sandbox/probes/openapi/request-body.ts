import { isFields, listOf, type Document, type Fields } from './document.ts';
import type { Examples } from './example.ts';
import { percentEncoded } from './parameters.ts';

export interface RequestBody {
  readonly contentType: string;
  readonly text: string;
}

const BOUNDARY = 'tare-boundary-7d3f2a';
const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';
const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json\b/i.test(type);

interface Tools {
  readonly document: Document;
  readonly examples: Examples;
}

/** A body for an operation: JSON where it is taken, else a form, else text; undefined when the operation takes none that can be made. */
export function requestBodyOf(operation: Fields, parameters: readonly Fields[], tools: Tools): RequestBody | undefined {
  return tools.document.old ? oldBody(operation, parameters, tools) : newBody(operation, tools);
}

function newBody(operation: Fields, { document, examples }: Tools): RequestBody | undefined {
  const content = document.resolve(operation['requestBody'])?.['content'];
  if (!isFields(content)) return undefined;
  const types = Object.keys(content);
  const type = types.find(isJson) ?? types.find((one) => one === FORM || one === MULTIPART) ?? types[0];
  if (type === undefined) return undefined;
  const media = document.resolve(content[type]) ?? {};
  return encoded(type, examples.written(media)?.value ?? examples.of(media['schema']));
}

/** Swagger 2.0: `in: body` with a schema, or `in: formData`. */
function oldBody(
  operation: Fields,
  parameters: readonly Fields[],
  { document, examples }: Tools,
): RequestBody | undefined {
  const consumes = listOf(operation['consumes'] ?? document.root['consumes']).map(String);
  const whole = parameters.find((parameter) => parameter['in'] === 'body');
  if (whole !== undefined)
    return encoded(consumes.find(isJson) ?? consumes[0] ?? 'application/json', examples.of(whole['schema']));
  const fields = parameters.filter((parameter) => parameter['in'] === 'formData');
  if (fields.length === 0) return undefined;
  const hasFile = fields.some((parameter) => parameter['type'] === 'file');
  return encoded(
    hasFile || consumes.includes(MULTIPART) ? MULTIPART : FORM,
    Object.fromEntries(fields.map((field) => [String(field['name']), examples.of(field) ?? 'tare'])),
  );
}

function encoded(type: string, value: unknown): RequestBody | undefined {
  if (value === undefined) return undefined;
  if (isJson(type)) return { contentType: type, text: JSON.stringify(value) };
  if (type === FORM && isFields(value))
    return { contentType: type, text: new URLSearchParams(entriesOf(value)).toString() };
  if (type === MULTIPART && isFields(value)) {
    const parts = entriesOf(value).map(
      ([name, text]) =>
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${percentEncoded(name)}"\r\n\r\n${text}\r\n`,
    );
    return { contentType: `${MULTIPART}; boundary=${BOUNDARY}`, text: `${parts.join('')}--${BOUNDARY}--\r\n` };
  }
  // A key of the document becomes a header: nothing that could end it.
  if (!/^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7e]*)?$/.test(type)) return undefined;
  return { contentType: type, text: textOf(value) };
}

const entriesOf = (fields: Fields): [string, string][] =>
  Object.entries(fields).map(([name, value]) => [name, textOf(value)]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
