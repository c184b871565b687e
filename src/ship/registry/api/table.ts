import type { Wanted } from '../auth/types.ts';
import type { Handler } from '../http/exchange.ts';
import type { Route, RouteKind } from '../route.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import { listReferrers, listRepositories, listTags } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { getBase, getHealth, getMetrics } from './status.ts';
import { deleteUpload, getUpload, patchUpload, putUpload, startUpload } from './uploads.ts';

type Methods<K extends RouteKind> = Readonly<Record<string, Handler<K>>>;

const reading = <K extends RouteKind>(get: Handler<K>): Methods<K> => ({ GET: get, HEAD: get });

/** Every endpoint: what a path is, and what can be done with it. What is not here is a 405. */
export const METHODS: { readonly [K in RouteKind]: Methods<K> } = {
  base: reading(getBase),
  catalog: reading(listRepositories),
  tags: reading(listTags),
  manifest: { ...reading(getManifest), PUT: putManifest, DELETE: deleteManifest },
  blob: { ...reading(getBlob), DELETE: deleteBlob },
  uploads: { POST: startUpload },
  upload: { ...reading(getUpload), PATCH: patchUpload, PUT: putUpload, DELETE: deleteUpload },
  referrers: reading(listReferrers),
  health: reading(getHealth),
  metrics: reading(getMetrics),
};

/** Undefined: open to all. */
export function wantedBy(route: Route, method: string): Wanted | undefined {
  if (route.kind === 'health') return undefined;
  if (route.kind === 'catalog') return { kind: 'catalog' };
  if (!('repository' in route)) return { kind: 'login' };
  const isUpload = route.kind === 'upload' || route.kind === 'uploads';
  const isRead = method === 'GET' || method === 'HEAD';
  const action = isUpload ? 'push' : isRead ? 'pull' : method === 'DELETE' ? 'delete' : 'push';
  return { kind: 'repository', name: route.repository, action };
}
