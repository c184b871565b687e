import { TareError } from '../../base/error.ts';
import { shownUrl } from './broken.ts';
import type { Answer } from './wire.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks, and follows up to five redirects. What may be sent where is for `ask` to decide: it sees each address.
 * @throws TareError E_REGISTRY for more of them, for one from https to http, and for one that leads to no address; what `ask` throws
 */
export async function followed(first: URL, ask: (url: URL) => Promise<Answer>): Promise<Answer> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const answer = await ask(url);
    const location = answer.header('location');
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    answer.discard();
    url = redirected(location, url);
  }
  throw new TareError('E_REGISTRY', `${shownUrl(first)} is redirected more than ${MAX_REDIRECTS} times`);
}

/** Where a `Location` leads. @throws TareError E_REGISTRY */
export function redirected(location: string, from: URL): URL {
  const refuse = (why: string): TareError => new TareError('E_REGISTRY', `${shownUrl(from)} is redirected to ${why}`);
  if (!URL.canParse(location, from.href)) throw refuse('what is no address');
  const url = new URL(location, from.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(`an address of ${url.protocol}`);
  // Proxies that end TLS forget to tell the registry: the same host in plain HTTP is meant to be the way that we came.
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    if (url.hostname !== from.hostname) throw refuse(`${shownUrl(url)}, which is not encrypted`);
    url.protocol = 'https:';
    url.port = from.port;
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}
