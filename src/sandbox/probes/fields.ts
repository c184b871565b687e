import { TareError } from '../../base/error.ts';
import { kindOf } from '../../base/place.ts';
import { suggestion } from '../../base/suggestion.ts';
import { below, complain, type Complaint } from './words.ts';

/** A map as YAML or JSON has it. */
export type Fields = Readonly<Record<string, unknown>>;

export function portOf(value: unknown, complaint: Complaint): number {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw complain(complaint, `${JSON.stringify(value) ?? 'nothing'} is not a port from 1 to 65535`);
}

/** YAML reads `v: 1` as a number where a text is meant: numbers and booleans are taken as written. */
export function textOf(value: unknown, key: string, complaint: Complaint): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw complain(complaint, `${key} must be a text, not ${kindOf(value)}`);
}

export function recordOf(value: unknown, key: string, complaint: Complaint): Readonly<Record<string, string>> {
  const fields = fieldsOf(value, complaint, key);
  return Object.fromEntries(
    Object.entries(fields).map(([name, inner]) => {
      headerName(name, key, { ...complaint, place: complaint.place.ofKey(name) });
      const text = textOf(inner, `${key}.${name}`, below(complaint, name));
      if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
        throw complain(below(complaint, name), `${key}.${name} holds characters that a header cannot carry`);
      return [name, text];
    }),
  );
}

/** A token (RFC 9110, section 5.6.2), as given. */
export function headerName(name: string, key: string, complaint: Complaint): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name;
  throw complain(complaint, `${key}: ${JSON.stringify(name)} is not a header name`);
}

export function fieldsOf(value: unknown, complaint: Complaint, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw complain(complaint, `${what} must be a map of keys and values, not ${kindOf(value)}`);
}

export function onlyKeys(fields: Fields, known: readonly string[], complaint: Complaint): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    throw new TareError(
      complaint.code,
      `${complaint.place.ofKey(key).text()}: unknown key ${JSON.stringify(key)}${suggestion(key, known)}`,
      { hint: `known keys: ${known.join(', ')}` },
    );
  }
}
