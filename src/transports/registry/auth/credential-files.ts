import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../../../base/error.ts';
import type { Environment } from '../../../base/http-proxy.ts';
import { readSmallFile } from '../../../base/small-file.ts';
import type { Credentials } from '../types.ts';

/** docker's config.json and containers' auth.json, which have the same shape. Unknown members are kept. */
export interface CredentialFile {
  readonly file: string;
  /** By registry, or registry and path. */
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, string>>;
  readonly credsStore: string | undefined;
  readonly all: Readonly<Record<string, unknown>>;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024; // 4 MiB

/** The account of Docker Hub is kept under this key by every tool. */
export const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * The files in which credentials may be, the first that has some counts: as containers-auth.json(5) orders them. One that is named is the only one.
 */
export function credentialPaths(env: Environment, authFile: string | undefined): readonly string[] {
  const given = [authFile, env['REGISTRY_AUTH_FILE']].find((path) => path !== undefined && path !== '');
  if (given !== undefined) return [given];
  const home = env['HOME'] ?? '';
  const set = (name: string): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name];
  const runtime = set('XDG_RUNTIME_DIR');
  return [
    ...(runtime === undefined ? [] : [join(runtime, 'containers', 'auth.json')]),
    join(set('XDG_CONFIG_HOME') ?? join(home, '.config'), 'containers', 'auth.json'),
    join(set('DOCKER_CONFIG') ?? join(home, '.docker'), 'config.json'),
  ];
}

/** Where `login` writes: the file that is named, else docker's, which every tool reads. */
export function loginPath(env: Environment, authFile: string | undefined): string {
  return credentialPaths(env, authFile).at(-1) ?? '';
}

/** Undefined when it is not there. @throws TareError E_CREDENTIALS when it cannot be read; never with a word of its content */
export async function readCredentialFile(file: string): Promise<CredentialFile | undefined> {
  const invalid = (why: string): TareError =>
    new TareError('E_CREDENTIALS', `the credentials in ${file} cannot be read: ${why}`);
  let bytes: Buffer;
  try {
    bytes = await readSmallFile(file, MAX_FILE_BYTES);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw fromErrno(error, 'cannot read credentials');
  }
  // podman and an interrupted docker leave an empty file.
  const text = bytes.toString('utf8').trim();
  if (text === '') return fileOf(file, {});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes what it read.
    if (error instanceof SyntaxError) throw invalid('it is not JSON');
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is no object');
  return fileOf(file, value as Readonly<Record<string, unknown>>);
}

function fileOf(file: string, all: Readonly<Record<string, unknown>>): CredentialFile {
  const helpers = Object.entries(objectOf(all['credHelpers'])).filter(([, name]) => typeof name === 'string');
  const store = all['credsStore'];
  return {
    file,
    all,
    auths: objectOf(all['auths']),
    credHelpers: Object.fromEntries(helpers) as Record<string, string>,
    credsStore: typeof store === 'string' && store !== '' ? store : undefined,
  };
}

/** Of a JSON value; empty for what is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** `host/a/b`, `host/a`, `host`: the longest key that is there counts (containers-auth.json(5)). For Docker Hub also its old key. */
export function keysFor(registry: string, repository: string | undefined): readonly string[] {
  const hosts = HUB_HOSTS.includes(registry) ? HUB_HOSTS : [registry];
  const parts = repository?.split('/') ?? [];
  const paths = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  return [...paths.flatMap((path) => hosts.map((host) => `${host}/${path}`)), ...hosts];
}

/** What docker once wrote: `https://host/v1/` is `host`. */
export function plainKey(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
}

/**
 * The credentials of an entry of `auths`; undefined when it has none (docker leaves empty entries beside its store).
 * @throws TareError E_CREDENTIALS
 */
export function credentialsOf(entry: unknown): Credentials | undefined {
  const { auth, identitytoken, password, registrytoken, username } = objectOf(entry);
  const filled = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (filled(identitytoken)) return { identityToken: identitytoken };
  if (filled(registrytoken)) {
    // It goes into a header as it is (RFC 6750, section 2.1).
    if (!/^[\x21-\x7e]+$/.test(registrytoken))
      throw new TareError(
        'E_CREDENTIALS',
        'a `registrytoken` that is stored for the registry cannot be sent: it holds blanks or control characters',
      );
    return { registryToken: registrytoken };
  }
  if (filled(auth)) {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  return filled(username) && typeof password === 'string' ? { username, password } : undefined;
}
