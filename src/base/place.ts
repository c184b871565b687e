export type Step = string | number;

/** Where something stands that somebody wrote; it opens a message about it. */
export interface Place {
  /** `tare.yaml:3:11: probes[0].http.port`: line and column, from 1, of the value, or of the nearest thing around it that is there. */
  readonly text: () => string;
  /** Of what is below. */
  readonly at: (...path: readonly Step[]) => Place;
  /** Of a key itself. */
  readonly ofKey: (key: string) => Place;
}

/** Without lines and columns: `start` is a flag, say. */
export function plainPlace(start: string, path: readonly Step[] = []): Place {
  return {
    text: () => `${start}${path.length === 0 ? '' : pathText(path, start.endsWith(']') ? '.' : ': ')}`,
    at: (...more) => plainPlace(start, [...path, ...more]),
    ofKey: () => plainPlace(start, path),
  };
}

/** `.a[0]["b c"]`; `start` stands in front, in place of the first dot. */
export function pathText(path: readonly Step[], start: string): string {
  const text = path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('');
  return `${start}${text.replace(/^\./, '')}`;
}

export const placeText = (place: Place | string): string => (typeof place === 'string' ? place : place.text());

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  undefined: 'nothing',
};

/** What a value is, without telling it: it may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? 'a map';
}
