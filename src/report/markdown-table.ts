import { printableLine } from './lint/printable.ts';

/** What GitHub's Markdown gives a meaning: HTML, emphasis, links, tables, mentions (a zero-width space keeps `@name` from calling somebody). */
const SPECIAL = /[\\`*_{}[\]()#!|~]/g;

/** A text that says in Markdown what it says: no HTML, no links, no mentions, on one line. */
export function markdownText(text: string): string {
  return printableLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(SPECIAL, (char) => `\\${char}`)
    .replaceAll('@', '@\u200b');
}

/** A table of GitHub-flavoured Markdown ("Tables (extension)"). @param columns a leading `>` puts a column to the right */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map((title) => markdownText(title.replace(/^>/, '')))),
    line(columns.map((title) => (title.startsWith('>') ? '---:' : '---'))),
    ...rows.map((cells) => line(cells.map(markdownText))),
  ].join('\n');
}
