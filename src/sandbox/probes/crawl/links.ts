import type { IncomingHttpHeaders } from 'node:http';
import { mediaTypeOf } from '../answer.ts';
import { cssLinks } from './css-links.ts';
import { MAX_DOCUMENT_BYTES, MAX_LINKS } from './limits.ts';
import { jsonLinks, robotsLinks, scriptLinks, sitemapLinks } from './text-links.ts';

/** What a document refers to, as written there. */
export interface Link {
  readonly href: string;
  /** It looks like a path, and need not be one: no answer, or one from 400 on, means nothing. */
  readonly guess?: true;
  /** What `href` is relative to, when that is not the document itself. */
  readonly base?: string;
}

export interface Page {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The references of an answer: of its headers first, then of its body in the order of appearance. At most 500, none followed. */
export async function linksOf(page: Page): Promise<readonly Link[]> {
  return [...headerLinks(page.headers), ...(await bodyLinks(page))].slice(0, MAX_LINKS);
}

function headerLinks(headers: IncomingHttpHeaders): readonly Link[] {
  const { link, location, refresh } = headers;
  const targets = [...text(link).matchAll(/<([^<>]*)>/g)].map((match) => match[1] ?? '');
  return [
    ...(location === undefined ? [] : [{ href: location }]),
    ...refreshLinks(text(refresh)),
    ...targets.map((href) => ({ href })),
  ];
}

const text = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).join(', ');

/** `5; url=/next`, of the header and of `<meta http-equiv=refresh>`. */
export function refreshLinks(content: string): readonly Link[] {
  const href = /^[\s\d.]*[;,]\s*url\s*=\s*(['"]?)([^'"]*)\1/i.exec(content.slice(0, 4096))?.[2]?.trim();
  return href === undefined || href === '' ? [] : [{ href }];
}

async function bodyLinks({ body, headers, path }: Page): Promise<readonly Link[]> {
  if (body.length === 0 || body.length > MAX_DOCUMENT_BYTES || headers['content-encoding'] !== undefined) return [];
  const type = mediaTypeOf(headers['content-type']);
  const content = (): string => body.toString('utf8');
  if (path === '/robots.txt') return robotsLinks(content());
  if (type === 'text/css') return cssLinks(content());
  if (/^(?:text|application)\/(?:x-)?(?:java|ecma)script$/.test(type)) return scriptLinks(content());
  if (/^application\/(?:[\w.-]+\+)?json$/.test(type)) return jsonLinks(content(), type);
  if (type === 'text/html' || type === 'application/xhtml+xml' || type === 'image/svg+xml') {
    const { htmlLinks } = await import('./html-links.ts');
    return htmlLinks(content(), type !== 'text/html');
  }
  if (/^(?:text|application)\/(?:[\w.-]+\+)?xml$/.test(type)) return sitemapLinks(content());
  return [];
}
