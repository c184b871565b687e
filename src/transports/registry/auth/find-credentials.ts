import type { Environment } from '../../../base/http-proxy.ts';
import { CREDENTIAL_FILES } from '../registries-conf.ts';
import type { Credentials } from '../types.ts';
import {
  credentialPaths,
  credentialsOf,
  HUB_KEY,
  keysFor,
  plainKey,
  readCredentialFile,
  type CredentialFile,
} from './credential-files.ts';
import { helperGet, type HelperCall } from './helper.ts';

export interface CredentialSources {
  readonly env: Environment;
  readonly authFile: string | undefined;
  readonly signal: AbortSignal;
  /** `credential-helpers` of registries.conf: names of helpers, and CREDENTIAL_FILES for the files; only the files when omitted. */
  readonly helpers?: readonly string[] | undefined;
}

/**
 * What this machine knows for a registry, or for one repository of it: of the helpers of registries.conf, in their order, and of the files. Files in the order of `credentialPaths`; in each: a helper for the registry,
 * then its entry (the longest path that fits), then the store for all.
 * @throws TareError E_CREDENTIALS for a file or helper that cannot be used
 */
export async function findCredentials(
  registry: string,
  repository: string | undefined,
  sources: CredentialSources,
): Promise<Credentials | undefined> {
  for (const helper of sources.helpers ?? [CREDENTIAL_FILES]) {
    const found =
      helper === CREDENTIAL_FILES
        ? await inFiles(registry, repository, sources)
        : await helperGet(serverOf(registry), { ...sources, name: helper });
    if (found !== undefined) return found;
  }
  return undefined;
}

async function inFiles(
  registry: string,
  repository: string | undefined,
  sources: CredentialSources,
): Promise<Credentials | undefined> {
  for (const path of credentialPaths(sources.env, sources.authFile)) {
    const file = await readCredentialFile(path);
    const found = file === undefined ? undefined : await inFile(file, registry, repository, sources);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function inFile(
  file: CredentialFile,
  registry: string,
  repository: string | undefined,
  { env, signal }: CredentialSources,
): Promise<Credentials | undefined> {
  const call = (name: string): HelperCall => ({ name, env, signal });
  const keys = keysFor(registry, repository);
  const helper = helperFor(file, registry);
  if (helper !== undefined) {
    const found = await helperGet(serverOf(registry), call(helper));
    if (found !== undefined) return found;
  }
  const entries = new Map(Object.entries(file.auths).map(([key, entry]) => [plainKey(key), entry]));
  for (const key of keys) {
    const found = credentialsOf(entries.get(key));
    if (found !== undefined) return found;
  }
  return file.credsStore === undefined ? undefined : helperGet(serverOf(registry), call(file.credsStore));
}

/** The helper that a file names for one registry. */
export function helperFor({ credHelpers }: CredentialFile, registry: string): string | undefined {
  const helpers = new Map(Object.entries(credHelpers).map(([key, name]) => [plainKey(key), name]));
  return keysFor(registry, undefined).flatMap((key) => helpers.get(key) ?? [])[0];
}

/** How helpers and files name a registry. */
export function serverOf(registry: string): string {
  return keysFor(registry, undefined).includes('docker.io') ? HUB_KEY : registry;
}
