/** A path with placeholders: `{name}` is one segment, `{everything}` at the end is all that follows. */
export interface Template {
  readonly text: string;
  readonly names: readonly string[];
  /** The values of the placeholders as they stand in the path, percent-encoded; undefined when it does not match. */
  match(path: string): Readonly<Record<string, string>> | undefined;
  /** For sorting: of two that match the same path the one with the higher text is the more special. */
  readonly rank: string;
}

const REST = 'everything';
const PLACEHOLDER = /\{([^{}/]*)\}/g;

/** What is wrong with a template; undefined: nothing. */
export function faultOf(text: string): string | undefined {
  const names = namesIn(text);
  if (names.some((name) => !/^[A-Za-z]\w*$/.test(name))) return 'a placeholder is a letter, then letters and digits';
  if (text.replace(PLACEHOLDER, '').match(/[{}]/) !== null) return 'a brace is not closed';
  if (new Set(names).size < names.length) return 'a placeholder occurs twice';
  if (/\{everything\}(?!$|\?)/.test(text)) return '{everything} can only be at the end';
  return undefined;
}

export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '');
}

export function parseTemplate(text: string): Template {
  const names = namesIn(text);
  const pattern = text
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 0 ? part.replace(/[.*+?^$()|[\]\\]/g, '\\$&') : wild(part)))
    .join('');
  const expression = new RegExp(`^${pattern}$`);
  return {
    text,
    names,
    match(path) {
      const found = expression.exec(path);
      return found === null
        ? undefined
        : Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? '']));
    },
    // Segment by segment: words before placeholders before the rest.
    rank: text
      .split('/')
      .map((part) => (part === `{${REST}}` ? '0' : part.includes('{') ? '1' : '2'))
      .join(''),
  };
}

const wild = (name: string): string => (name === REST ? '(.*)' : '([^/]+)');

/** The path and query that a template says, with the placeholders' values. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (_, name: string) => values[name] ?? '');
}
