import type { Link } from './links.ts';

const MAX_JSON_DEPTH = 50;
/** What may be a path: nothing that could only be a template, a pattern or a sentence. */
const PATH_LIKE = /^\/(?!\/)[\w\-.~%/@:+,;=&?!$]{0,1024}$/;

const looksLikePath = (text: string): boolean =>
  (PATH_LIKE.test(text) && text !== '/') || /^https?:\/\/[\w.:[\]-]+\/[^\s"'<>{}\\]*$/.test(text);

/** Texts that look like paths, e.g. HAL's `_links` (draft-kelly-json-hal); in a web app manifest also relative ones. */
export function jsonLinks(json: string, type: string): readonly Link[] {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const links: Link[] = [];
  const isManifest = type === 'application/manifest+json';
  const visit = (value: unknown, key: string, depth: number): void => {
    if (depth > MAX_JSON_DEPTH) return;
    if (typeof value === 'string') {
      if (isManifest && ['src', 'start_url', 'url'].includes(key)) links.push({ href: value });
      // A link says so by its key; any other text may be a path of something else.
      else if (looksLikePath(value)) links.push(key === 'href' ? { href: value } : { href: value, guess: true });
    } else if (Array.isArray(value)) for (const inner of value) visit(inner, key, depth + 1);
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) visit(inner, name, depth + 1);
  };
  visit(document, '', 0);
  return links;
}

const MODULE = /(?:\bfrom|\bimport)\s*\(?\s*(?:"([^"\n\\]{1,1024})"|'([^'\n\\]{1,1024})')/g;
const LITERAL = /"(\/[^"\n\\]{0,1024})"|'(\/[^'\n\\]{0,1024})'|`(\/[^`\n\\$]{0,1024})`/g;

/** Modules that a script imports, and its literals that look like paths: what a page fetches once it runs. All of them guesses. */
export function scriptLinks(script: string): readonly Link[] {
  const firstOf = (match: RegExpMatchArray): string => match.slice(1).find((part) => part !== undefined) ?? '';
  const modules = [...script.matchAll(MODULE)].map(firstOf).filter((href) => /^\.{0,2}\//.test(href));
  const paths = [...script.matchAll(LITERAL)].map(firstOf).filter(looksLikePath);
  return [...modules, ...paths].map((href) => ({ href, guess: true }));
}

/** `<loc>` of a sitemap and `<link>` of a feed: the site names itself as the world knows it, so every host is this one. */
export function sitemapLinks(xml: string): readonly Link[] {
  return [...xml.matchAll(/<(?:loc|link)>\s*([^<\s]{1,2048})\s*</g)].flatMap((match) => pathOf(match[1] ?? ''));
}

/** `Sitemap:` of robots.txt, and what robots are told to keep away from is none of ours. */
export function robotsLinks(text: string): readonly Link[] {
  return [...text.matchAll(/^sitemap:[ \t]*(\S{1,2048})/gim)].flatMap((match) => pathOf(match[1] ?? ''));
}

function pathOf(address: string): readonly Link[] {
  const path = /^https?:\/\/[^/?#]+(\/[^#]*)?/i.exec(address.replaceAll('&amp;', '&'));
  return path === null ? [] : [{ href: path[1] ?? '/', guess: true }];
}
