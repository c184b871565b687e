import { isForeignLayer } from '../../oci/media-types.ts';
import type { Descriptor } from '../../oci/types.ts';
import type { Call, Connection } from './connection.ts';
import { failureOf } from './failures.ts';
import type { Lines } from './lines.ts';
import type { Place } from './manifests.ts';
import { followed } from './redirects.ts';
import { Fault, isPassing, retryAfterIn, retrying } from './retry.ts';
import type { Pacing } from './types.ts';
import { exchange, type Answer } from './wire.ts';

/** Addresses of one layer that are tried. */
const MAX_URLS = 10;

/** Layers that may not be distributed stay where their descriptors say that they are. */
export function isElsewhere({ mediaType, urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) && (urls ?? []).length > 0;
}

/** Where such a layer is: http and https alone. Whoever wrote the manifest chose the addresses: no name or password of them is used. */
export function addressesOf({ urls = [] }: Descriptor): readonly URL[] {
  return urls.slice(0, MAX_URLS).flatMap((text) => {
    if (!URL.canParse(text)) return [];
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return [];
    url.username = '';
    url.password = '';
    url.hash = '';
    return [url];
  });
}

/** A place that has one blob, under an address of its own. It is shown no credentials, whatever it asks for. */
export function placeAt(
  url: URL,
  { lines, pacing, signal }: { readonly lines: Lines; readonly pacing: Pacing; readonly signal: AbortSignal },
): Place {
  const attempt = async (call: Call): Promise<Answer> => {
    const ask = async (at: URL): Promise<Answer> =>
      exchange(
        at,
        { method: call.method, signal: call.signal, headers: call.headers ?? {} },
        await lines(at, false),
        pacing,
      );
    const answer = await followed(url, ask);
    if (call.accept.includes(answer.status)) return answer;
    const error = await failureOf(answer, { what: call.what, registry: url.host, authorised: true });
    if (!isPassing(answer.status)) throw error;
    throw new Fault(error, retryAfterIn(answer, pacing));
  };
  const connection: Connection = {
    address: () => Promise.resolve(url),
    request: (call) => retrying(pacing, call.signal, () => attempt(call)),
  };
  return { connection, repository: url.host, registry: url.host, pacing, signal, withoutReferrers: new Set() };
}
