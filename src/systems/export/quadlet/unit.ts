/** Lines of one section, in their order. */
export type Section = readonly (readonly [key: string, value: string])[];

/** A unit file; sections without lines are left out. Values are written as they are: see `word` and `option`. */
export function unitText(comment: string, sections: readonly (readonly [name: string, lines: Section])[]): string {
  return [
    ...comment.split('\n').map((line) => `# ${line}`.trimEnd()),
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([name, lines]) => ['', `[${name}]`, ...lines.map(([key, value]) => `${key}=${value}`)]),
    '',
  ].join('\n');
}

/** systemd looks for specifiers (`%n`) and variables (`$HOME`) in the command line that all values end in. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('$', '$$$$');
}

const PLAIN = /^[\w@:,./+=-]+$/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** One word of a key whose value is split into words (systemd.syntax(7), "Quoting"). `specifiers` are left alone. */
export function word(text: string, { specifiers = false }: { readonly specifiers?: boolean } = {}): string {
  const value = specifiers ? text : literal(text);
  if (PLAIN.test(value)) return value;
  // oxlint-disable-next-line no-control-regex
  const quoted = value.replace(/[\\"\x00-\x1f\x7f]/g, (char) => {
    const hex = (char.codePointAt(0) ?? 0).toString(16).padStart(2, '0');
    return ESCAPES[char] ?? `\\x${hex}`;
  });
  return `"${quoted}"`;
}

export const words = (texts: readonly string[]): string => texts.map((text) => word(text)).join(' ');

/** What a line cannot hold whose value is taken as it stands: control characters, a backslash or white space at its end, quotes around it. */
// oxlint-disable-next-line no-control-regex
const UNFIT = /[\x00-\x1f\x7f]|\\$|^\s|\s$|^"|"$|^$/;

/** A key that has one value, which is not split; where a line cannot hold it, podman's own flag. */
export function option(
  key: string,
  flag: string,
  text: string,
  options: { readonly specifiers?: boolean } = {},
): readonly [string, string] {
  if (UNFIT.test(text)) return flagged(flag, text, options);
  return [key, options.specifiers === true ? text : literal(text)];
}

/** A flag of `podman run`, for what has a key in later versions alone. */
export function flagged(
  flag: string,
  text: string,
  options: { readonly specifiers?: boolean } = {},
): readonly [string, string] {
  return ['PodmanArgs', word(`--${flag}=${text}`, options)];
}
