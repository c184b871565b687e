import { TareError } from '../../../base/error.ts';
import type { Context } from '../../../base/events.ts';
import type { Environment } from '../../../base/http-proxy.ts';
import { parseReference } from '../../../oci/reference.ts';
import { connectRegistry } from '../../../transports/registry/access.ts';
import type { RegistryAccess } from '../../../transports/registry/types.ts';
import type { Store } from '../../../store/types.ts';
import type { CostInput } from '../cost.ts';
import { openStorage } from '../../registry/storage/storage.ts';
import { registryStoragePlace } from './registry-storage.ts';
import { remotePlace } from './remote.ts';
import { storePlace } from './store.ts';
import type { OwnPlace, RetentionPlace } from './types.ts';

const DOCKER = 'docker://';

/**
 * `docker://HOST` (all repositories that the registry lists) or `docker://HOST/REPOSITORY`.
 * @throws TareError E_REFERENCE for anything else, a tag or digest included
 */
export async function openRemotePlace(
  text: string,
  tools: { readonly ctx: Context; readonly env: Environment; readonly registry?: RegistryAccess },
): Promise<RetentionPlace> {
  if (!text.startsWith(DOCKER))
    throw new TareError('E_REFERENCE', `${JSON.stringify(text)} is no registry`, {
      hint: 'write docker://HOST or docker://HOST/REPOSITORY',
    });
  const rest = text.slice(DOCKER.length);
  const isHost = !rest.includes('/');
  const named = isHost ? `${rest}/all` : rest;
  const { digest, registry, repository } = parseReference(named);
  if (digest !== undefined || named.includes(':', named.lastIndexOf('/') + 1))
    throw new TareError('E_REFERENCE', `${JSON.stringify(text)} is one image: rules are for repositories`, {
      hint: `leave out what follows ${registry}/${repository}`,
    });
  if (isHost && registry !== rest)
    throw new TareError('E_REFERENCE', `${JSON.stringify(rest)} is not the host of a registry`, {
      hint: 'a host has a dot or a port; of Docker Hub name the repository: docker://docker.io/library/node',
    });
  const client = await connectRegistry(registry, tools, tools.env);
  const { signal } = tools.ctx;
  return remotePlace({ client, signal, ...(isHost ? {} : { repositories: [repository] }) });
}

/** @throws TareError E_STORE when the folder is not the storage of a registry */
export async function openStoragePlace(root: string): Promise<OwnPlace> {
  return registryStoragePlace(await openStorage({ root, create: false }));
}

/**
 * What is asked for its cost: `docker://HOST[/REPOSITORY]`, the path of a folder of `tare registry serve`, or the name of a repository of the store.
 * @throws TareError E_REFERENCE, E_STORE, E_TOML
 */
export async function costInput(
  text: string,
  tools: { readonly ctx: Context; readonly env: Environment; readonly store: Store },
): Promise<CostInput> {
  if (text.startsWith(DOCKER)) return { place: await openRemotePlace(text, tools) };
  if (/^(?:\/|\.\.?(?:\/|$))/.test(text)) return { place: await openStoragePlace(text) };
  return { place: storePlace(tools.store), repository: text };
}
