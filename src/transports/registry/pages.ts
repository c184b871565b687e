import { TareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import type { Scope } from './auth/scope.ts';
import type { Place } from './manifests.ts';
import { redirected } from './redirects.ts';
import type { Answer } from './wire.ts';

/** What a page may weigh: a thousand tags of the longest kind have 128 kB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024; // 16 MiB
const MAX_PAGES = 20_000;
const MAX_ITEMS = 1_000_000;
const PAGE_ITEMS = 1000;

export interface Listing {
  /** Below the API's root. */
  readonly path: string;
  /** The member of the answer that holds the names. */
  readonly member: string;
  readonly scopes: readonly Scope[];
  readonly what: string;
}

/** Names, page by page (distribution-spec, "Listing Tags"). @throws TareError E_LIMIT beyond a million, E_REGISTRY for what is no such list */
export async function* listNames(place: Place, listing: Listing): AsyncGenerator<string> {
  let target = await place.connection.address(`${listing.path}?n=${PAGE_ITEMS}`, place.signal);
  const seen = new Set<string>();
  let count = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    seen.add(target.href);
    const answer = await place.connection.request({
      method: 'GET',
      target,
      scopes: listing.scopes,
      accept: [200],
      what: listing.what,
      signal: place.signal,
      headers: { accept: 'application/json' },
    });
    const names = namesIn(await jsonOf(answer, place.registry, listing.what), listing.member);
    if (names === undefined)
      throw new TareError('E_REGISTRY', `${place.registry} answers for ${listing.what} with what is no list`);
    for (const name of names) {
      count += 1;
      if (count > MAX_ITEMS) throw new TareError('E_LIMIT', `${place.registry} lists more than ${MAX_ITEMS} names`);
      yield name;
    }
    const next = nextPage(answer);
    if (next === undefined) return;
    if (seen.has(next.href)) throw new TareError('E_REGISTRY', `${place.registry} lists ${listing.what} in a circle`);
    target = next;
  }
  throw new TareError('E_LIMIT', `${place.registry} lists ${listing.what} in more than ${MAX_PAGES} pages`);
}

export async function jsonOf(answer: Answer, registry: string, what: string): Promise<unknown> {
  const bytes = await collectBytes(answer.body, MAX_PAGE_BYTES, `the answer of ${registry} for ${what}`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TareError('E_REGISTRY', `${registry} answers for ${what} with what is not JSON`);
  }
}

function namesIn(value: unknown, member: string): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const names: unknown = (value as Readonly<Record<string, unknown>>)[member];
  // Go's empty list.
  if (names === null || names === undefined) return [];
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}

/** RFC 8288: `<URL>; rel="next"`. */
export function nextPage(answer: Answer): URL | undefined {
  for (const header of answer.headers('link')) {
    const match = /<([^<>]*)>\s*;[^<]*\brel="?next"?/i.exec(header);
    if (match !== null) return redirected(match[1] ?? '', answer.url);
  }
  return undefined;
}
