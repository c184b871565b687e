import { setMaxListeners } from 'node:events';
import { findCredentials } from './auth/find-credentials.ts';
import { createConnection, type Connection } from './connection.ts';
import { readRegistriesConf } from './conf-files.ts';
import { placeAt } from './elsewhere.ts';
import { endpointsFor, type Endpoint } from './endpoints.ts';
import { createLines } from './lines.ts';
import type { Place } from './manifests.ts';
import { REAL_PACING } from './pacing.ts';
import type { Credentials, Pacing, RegistryOptions } from './types.ts';

export interface Places {
  /** Where to ask for a repository, in order: mirrors for a wish, the registry itself last, and alone for everything that changes it. */
  for(repository: string, wish: 'tag' | 'digest' | undefined, signal?: AbortSignal): readonly Place[];
  /** One address outside of all registries. */
  at(url: URL, signal?: AbortSignal): Place;
}

/** Connections are made when they are first needed, and shared by all repositories. @throws TareError E_TOML */
export async function createPlaces(registry: string, options: RegistryOptions): Promise<Places> {
  const { ctx, env } = options;
  const pacing: Pacing = { ...REAL_PACING, ...options.pacing };
  const { credentialHelpers, rules } = await readRegistriesConf(env);
  const lines = createLines(env);
  const connections = new Map<string, Connection>();

  const withoutReferrers = new Map<Connection, Set<string>>();
  const connectionTo = ({ host, insecure }: Endpoint, name: string): Connection => {
    const key = `${name} ${host} ${insecure}`;
    const known = connections.get(key);
    if (known !== undefined) return known;
    const made = createConnection({
      registry: name,
      host,
      insecure,
      lines,
      pacing,
      credentials: credentialsOnce(name, options, credentialHelpers),
      warn: (warning) => ctx.onEvent({ kind: 'warning', warning }),
    });
    connections.set(key, made);
    withoutReferrers.set(made, new Set());
    return made;
  };

  const placesFor: Places['for'] = (repository, wish, signal = ctx.signal) => {
    // Every request under way listens to it, and there are as many as blobs that travel.
    setMaxListeners(0, signal);
    const endpoints = endpointsFor(registry, repository, { rules, insecure: options.insecure ?? [], wish });
    return endpoints.map((endpoint, index) => {
      const name = index === endpoints.length - 1 ? registry : endpoint.host;
      const connection = connectionTo(endpoint, name);
      return {
        connection,
        repository: endpoint.repository,
        registry: name,
        pacing,
        signal,
        withoutReferrers: withoutReferrers.get(connection) ?? new Set(),
      };
    });
  };
  return { for: placesFor, at: (url, signal = ctx.signal) => placeAt(url, { lines, pacing, signal }) };
}

/** Files and helpers are asked once for each repository. */
function credentialsOnce(
  registry: string,
  { authFile, credentials, ctx, env }: RegistryOptions,
  helpers: readonly string[] | undefined,
): (repository: string | undefined) => Promise<Credentials | undefined> {
  const known = new Map<string, Promise<Credentials | undefined>>();
  return (repository) => {
    if (credentials !== undefined) return Promise.resolve(credentials);
    const key = repository ?? '';
    const found =
      known.get(key) ?? findCredentials(registry, repository, { authFile, env, helpers, signal: ctx.signal });
    known.set(key, found);
    return found;
  };
}
