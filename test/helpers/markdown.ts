import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anchorOf } from '../../src/cli/error-document.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Documents of the repository: those in its root, and all below docs/ and examples/. Paths with `/`, in byte order. */
export function documents(): readonly string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.split('/').includes('node_modules'))
      .map((name) => `${folder}/${name}`);
  return [...readdirSync(ROOT), ...below('docs'), ...below('examples')].filter((name) => name.endsWith('.md')).sort();
}

export const readDocument = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** A document without its blocks of code, whose lines stay as empty ones. */
export const prose = (text: string): string =>
  text.replaceAll(/^([ \t]*)(```|~~~)[^]*?^\1\2/gm, (block) => block.replaceAll(/[^\n]/g, ''));

/** The anchors of its headings, as GitHub makes them: the second of the same name ends in `-1`. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const anchor = anchorOf(heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, ''));
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

export interface Link {
  /** `docs/ci.md:12`. */
  readonly at: string;
  readonly target: string;
}

/** Links and pictures of a document, in Markdown and in HTML, except in code. */
export function linksOf(name: string, text: string): readonly Link[] {
  const plain = prose(text).replaceAll(/`[^`\n]*`/g, (span) => ' '.repeat(span.length));
  return [
    ...plain.matchAll(/\]\(<?([^()\s>]+(?:\([^()\s]*\)[^()\s>]*)?)>?(?:\s+"[^"]*")?\)/g),
    ...plain.matchAll(/^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/gm),
    ...plain.matchAll(/\b(?:src|srcset|href)="([^"\s]+)/g),
  ].map(({ 1: target = '', index }) => ({ at: `${name}:${plain.slice(0, index).split('\n').length}`, target }));
}

/** What is wrong with a link of a document; undefined: nothing, or it leaves the repository. */
export function faultOf(name: string, { target }: Link): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? name : posix.join(dirname(name), decodeURI(path));
  if (to.startsWith('..')) return 'leads out of the repository';
  const file = join(ROOT, to);
  if (!existsSync(file)) return 'is not there';
  if (anchor === undefined) return undefined;
  const page = statSync(file).isDirectory() ? posix.join(to, 'README.md') : to;
  if (!page.endsWith('.md')) return `${page} has no headings`;
  return anchorsOf(readDocument(page)).has(anchor) ? undefined : `${page} has no heading #${anchor}`;
}
