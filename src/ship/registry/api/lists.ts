import { compareBytes } from '../../../base/path.ts';
import { OCI_INDEX } from '../../../oci/media-types.ts';
import { RegistryError, type ResponseHeaders } from '../errors.ts';
import type { Exchange, Handler } from '../http/exchange.ts';
import { sendJson } from '../http/respond.ts';
import { compareTags, type Referrer } from '../storage/repository.ts';
import { nameUnknown } from './blobs.ts';

/** In one answer; whoever wants more follows the Link. */
const MAX_ITEMS = 10_000;
/** distribution-spec 1.1, "Listing Referrers": clients read no more than a manifest's worth. */
const MAX_REFERRERS_BYTES = 4_000_000; // below 4 MiB, with what stands around the list

/** distribution-spec 1.1, "Listing Tags" (end-8). */
export const listTags: Handler<'tags'> = async (exchange) => {
  const { res, service, route } = exchange;
  const repository = service.storage.repository(route.repository);
  if (!(await repository.exists())) throw nameUnknown(route.repository);
  const { items, headers } = page(exchange, await repository.tags(), compareTags, `/v2/${route.repository}/tags/list`);
  sendJson(res, { name: route.repository, tags: items }, headers);
};

/** Not of the OCI's; as docker's registry has it. A token that may list everything is needed where there are tokens. */
export const listRepositories: Handler<'catalog'> = async (exchange) => {
  const { items, headers } = page(
    exchange,
    await exchange.service.storage.repositories(),
    compareBytes,
    '/v2/_catalog',
  );
  sendJson(exchange.res, { repositories: items }, headers);
};

function page(
  { query }: Exchange,
  all: readonly string[],
  compare: (a: string, b: string) => number,
  path: string,
): { readonly items: readonly string[]; readonly headers: ResponseHeaders } {
  const text = query.get('n');
  if (text !== null && !/^\d{1,9}$/.test(text))
    throw new RegistryError('UNSUPPORTED', 'n is not a count', { status: 400, detail: { n: text.slice(0, 20) } });
  const count = Math.min(text === null ? MAX_ITEMS : Number(text), MAX_ITEMS);
  const last = query.get('last');
  // The name itself need not be there any more.
  const rest = last === null || last === '' ? all : all.filter((item) => compare(item, last) > 0);
  const items = rest.slice(0, count);
  const end = items.at(-1);
  if (rest.length === items.length || end === undefined) return { items, headers: {} };
  return { items, headers: link(path, { n: String(count), last: end }) };
}

function link(path: string, query: Readonly<Record<string, string>>): ResponseHeaders {
  return { Link: `<${path}?${new URLSearchParams(query).toString()}>; rel="next"` };
}

/** "Listing Referrers" (end-12): of anything, also of what is not there, there is a list, maybe an empty one. */
export const listReferrers: Handler<'referrers'> = async (exchange) => {
  const { res, service, route, query } = exchange;
  const all = await service.storage.repository(route.repository).referrers(route.digest);
  const artifactType = query.get('artifactType');
  const last = query.get('last');
  const wanted = all
    .filter((item) => artifactType === null || artifactType === '' || item.artifactType === artifactType)
    .filter((item) => last === null || compareBytes(item.digest, last) > 0);
  const manifests = firstOf(wanted);
  const end = manifests.at(-1);
  const filter = artifactType === null || artifactType === '' ? {} : { artifactType };
  sendJson(
    res,
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
    {
      'Content-Type': OCI_INDEX,
      ...('artifactType' in filter ? { 'OCI-Filters-Applied': 'artifactType' } : {}),
      ...(manifests.length === wanted.length || end === undefined
        ? {}
        : link(`/v2/${route.repository}/referrers/${route.digest}`, { ...filter, last: end.digest })),
    },
  );
};

function firstOf(items: readonly Referrer[]): readonly Referrer[] {
  let bytes = 0;
  const end = items.findIndex((item, at) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return at > 0 && bytes > MAX_REFERRERS_BYTES;
  });
  return end === -1 ? items : items.slice(0, end);
}
