import type { ByteString } from '../../base/path.ts';

export interface IniSection {
  readonly name: ByteString;
  readonly line: number;
  /** By the name in small letters; of several the last. Lines that go on are joined by newlines. */
  readonly values: ReadonlyMap<string, { readonly text: ByteString; readonly line: number }>;
}

const MAX_LINES = 200_000;

/**
 * Sections of `name = value` (or `name: value`), as Python's RawConfigParser reads them with `inline_comment_prefixes=(';', '#')`: a line that is indented goes on
 * with the value before, and a `;` or `#` behind a blank begins a comment. What stands before the first section is passed over.
 */
export function parseIni(text: ByteString): IniSection[] {
  const sections: { name: ByteString; line: number; values: Map<string, { text: ByteString; line: number }> }[] = [];
  let open: { text: ByteString; line: number; indent: number } | undefined;
  for (const [at, whole] of text.split('\n', MAX_LINES).entries()) {
    const line = withoutComment(whole);
    const content = line.trim();
    if (content === '') continue;
    const indent = line.length - line.trimStart().length;
    if (open !== undefined && indent > open.indent) {
      open.text = `${open.text}\n${content}`;
      continue;
    }
    open = undefined;
    const header = /^\[([^\]]+)\]/.exec(content)?.[1];
    if (header !== undefined) {
      sections.push({ name: header, line: at + 1, values: new Map() });
      continue;
    }
    const cut = content.search(/[=:]/);
    if (cut <= 0) continue;
    open = { text: content.slice(cut + 1).trim(), line: at + 1, indent };
    sections.at(-1)?.values.set(content.slice(0, cut).trim().toLowerCase(), open);
  }
  return sections;
}

function withoutComment(line: ByteString): ByteString {
  const comment = line.search(/(?:^|\s)[;#]/);
  return comment === -1 ? line : line.slice(0, comment);
}
