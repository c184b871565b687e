import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../../../base/error.ts';
import { makeFolders } from '../../../base/folders.ts';
import { createPlaces } from '../places.ts';
import type { Place } from '../manifests.ts';
import { Fault } from '../retry.ts';
import type { RegistryOptions } from '../types.ts';
import { basicHeader } from './basic.ts';
import {
  credentialPaths,
  keysFor,
  loginPath,
  plainKey,
  readCredentialFile,
  type CredentialFile,
} from './credential-files.ts';
import { findCredentials, helperFor, serverOf } from './find-credentials.ts';
import { helperErase, helperStore } from './helper.ts';

export interface StoredLogin {
  /** Of the credentials, or of the name of the helper that keeps them. */
  readonly file: string;
  readonly helper: string | undefined;
}

/**
 * Shows credentials to a registry.
 * @throws TareError E_AUTH when it refuses them; E_REGISTRY, E_TLS when it cannot be asked
 */
export async function verifyLogin(registry: string, options: RegistryOptions): Promise<void> {
  const place = (await createPlaces(registry, options)).for('', undefined).at(-1) as Place;
  try {
    const answer = await place.connection.request({
      method: 'GET',
      target: '',
      scopes: [],
      accept: [200],
      what: 'this login',
      signal: options.ctx.signal,
    });
    answer.discard();
  } catch (error) {
    throw error instanceof Fault ? error.error : error;
  }
}

/**
 * Keeps credentials where other tools look for them: with the helper that the file names, else in the file itself, which only its owner may read. What
 * else is in it stays.
 * @throws TareError E_CREDENTIALS, E_PERMISSION, E_READ_ONLY, E_NO_SPACE
 */
export async function storeLogin(
  registry: string,
  credentials: { readonly username: string; readonly password: string },
  { authFile, ctx, env }: RegistryOptions,
): Promise<StoredLogin> {
  const path = loginPath(env, authFile);
  const file = (await readCredentialFile(path)) ?? emptyFile(path);
  const helper = helperFor(file, registry) ?? file.credsStore;
  if (helper !== undefined) {
    await helperStore(serverOf(registry), credentials, { name: helper, env, signal: ctx.signal });
    return { file: path, helper };
  }
  const auth = basicHeader(credentials)?.slice('Basic '.length) ?? '';
  await writeAuths(file, { ...without(file, registry), [serverOf(registry)]: { auth } });
  return { file: path, helper: undefined };
}

/**
 * Forgets them again.
 * @returns whether there were any, and the file that still has some: another tool's
 * @throws TareError as storeLogin does
 */
export async function eraseLogin(
  registry: string,
  { authFile, ctx, env }: RegistryOptions,
): Promise<{ readonly file: string; readonly removed: boolean; readonly elsewhere: boolean }> {
  const path = loginPath(env, authFile);
  const file = await readCredentialFile(path);
  let removed = false;
  if (file !== undefined) {
    const helper = helperFor(file, registry) ?? file.credsStore;
    if (helper !== undefined)
      removed = await helperErase(serverOf(registry), { name: helper, env, signal: ctx.signal });
    const rest = without(file, registry);
    if (Object.keys(rest).length < Object.keys(file.auths).length) {
      await writeAuths(file, rest);
      removed = true;
    }
  }
  const left = await findCredentials(registry, undefined, { authFile, env, signal: ctx.signal });
  return { file: path, removed, elsewhere: left !== undefined && credentialPaths(env, authFile).length > 1 };
}

const emptyFile = (file: string): CredentialFile => ({
  file,
  auths: {},
  credHelpers: {},
  credsStore: undefined,
  all: {},
});

/** The entries of other registries. Those of single repositories stay. */
function without({ auths }: CredentialFile, registry: string): Readonly<Record<string, unknown>> {
  const own = keysFor(registry, undefined);
  return Object.fromEntries(Object.entries(auths).filter(([key]) => !own.includes(plainKey(key))));
}

async function writeAuths(file: CredentialFile, auths: Readonly<Record<string, unknown>>): Promise<void> {
  const text = `${JSON.stringify({ ...file.all, auths }, undefined, '\t')}\n`;
  try {
    makeFolders(dirname(file.file));
    await replacePrivately(await realName(file.file), text);
  } catch (error) {
    if (error instanceof TareError) throw error;
    throw fromErrno(error, `cannot write ${file.file}`);
  }
}

/** Some keep their settings elsewhere, with a link in their place. */
async function realName(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return file;
    throw error;
  }
}

/** Nobody else can read it, not even while it is written. */
async function replacePrivately(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.tare-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
