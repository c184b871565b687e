import { Parser } from 'htmlparser2';
import { cssLinks } from './css-links.ts';
import { refreshLinks, type Link } from './links.ts';
import { scriptLinks } from './text-links.ts';

/** Attributes that name what a browser asks for by itself or after a click (HTML, section 4; SVG 2, section 16). */
const ADDRESSES = new Set(['action', 'background', 'data', 'formaction', 'href', 'poster', 'src', 'xlink:href']);
/** `rel` of links to other origins' machinery, not to documents. */
const NO_DOCUMENT = /\b(?:dns-prefetch|preconnect)\b/i;

/** The parser's work grows with the square of the nesting: a page of tags that nobody closes is given up there. */
const MAX_NESTING = 2000;
const CHUNK = 16 * 1024;

/** What a page refers to, in the order of appearance; forms with method GET alone. */
export function htmlLinks(html: string, xml: boolean): readonly Link[] {
  const links: Link[] = [];
  let base: string | undefined;
  let inside: 'script' | 'style' | undefined;
  let piece = '';
  let nesting = 0;
  const add = (link: Link): void => {
    links.push(base === undefined || link.base !== undefined ? link : { ...link, base });
  };
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        nesting += 1;
        if (tag === 'base' && base === undefined) base = attributes['href'];
        if (tag === 'style' || tag === 'script') inside = tag;
        if (skips(tag, attributes)) return;
        for (const [name, value] of Object.entries(attributes)) {
          if (ADDRESSES.has(name)) add({ href: value });
          else if (name === 'srcset' || name === 'imagesrcset') for (const href of srcset(value)) add({ href });
          else if (name === 'style') for (const link of cssLinks(value)) add(link);
        }
        if (tag === 'meta' && /^refresh$/i.test(attributes['http-equiv'] ?? ''))
          for (const link of refreshLinks(attributes['content'] ?? '')) add(link);
      },
      ontext(text) {
        if (inside !== undefined) piece += text;
      },
      onclosetag(tag) {
        nesting -= 1;
        if (tag !== inside) return;
        for (const link of inside === 'style' ? cssLinks(piece) : scriptLinks(piece)) add(link);
        inside = undefined;
        piece = '';
      },
    },
    { xmlMode: xml, decodeEntities: true },
  );
  const isDeep = (): boolean => nesting >= MAX_NESTING;
  for (let at = 0; at < html.length && !isDeep(); at += CHUNK) parser.write(html.slice(at, at + CHUNK));
  if (!isDeep()) parser.end();
  return links;
}

function skips(tag: string, attributes: Readonly<Record<string, string>>): boolean {
  if (tag === 'base') return true;
  if (tag === 'form') return /^(?:post|dialog)$/i.test(attributes['method'] ?? '');
  if (tag === 'button' || tag === 'input') return /^(?:post|dialog)$/i.test(attributes['formmethod'] ?? '');
  return tag === 'link' && NO_DOCUMENT.test(attributes['rel'] ?? '');
}

/** `a.png 1x, b.png 2x`: the addresses (HTML, section 2.4.4). A comma inside of one is kept. */
function srcset(value: string): readonly string[] {
  const found: string[] = [];
  let described = false;
  for (const word of value.split(/\s+/)) {
    const comma = described ? word.indexOf(',') : -1;
    if (described && comma === -1) continue;
    const address = word.slice(comma + 1);
    const bare = address.replace(/^,/, '').replace(/,$/, '');
    if (bare !== '') found.push(bare);
    described = bare !== '' && !address.endsWith(',');
  }
  return found;
}
