import { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Environment } from '../base/http-proxy.ts';
import { parseReference } from '../oci/reference.ts';
import { eraseLogin, storeLogin, verifyLogin } from '../transports/registry/auth/login.ts';
import type { RegistryAccess, RegistryOptions } from '../transports/registry/types.ts';

export interface LoginTools {
  readonly ctx: Context;
  readonly env: Environment;
  readonly registry?: RegistryAccess;
  /** host[:port]; Docker Hub when it is left out. */
  readonly host?: string;
}

export interface LoginResult {
  readonly registry: string;
  readonly username: string;
  /** Where they are kept, or where it stands which helper keeps them. */
  readonly file: string;
  readonly helper: string | null;
}

/**
 * Shows a name and a password to a registry, and keeps them when it accepts them.
 * @throws TareError E_AUTH; E_USAGE for a password that is none; E_CREDENTIALS, E_REGISTRY, E_TLS
 */
export async function login(
  options: LoginTools & { readonly username: string; readonly password: string },
): Promise<LoginResult> {
  const { password, username } = options;
  const registry = hostOf(options.host);
  if (username === '' || username.includes(':') || /[\x00-\x1f\x7f]/.test(username))
    throw new TareError('E_USAGE', 'a user name has no colon and no control characters, and is not empty');
  if (password === '') throw new TareError('E_USAGE', 'no password came on stdin');
  const access = accessOf(options);
  const credentials = { username, password };
  await verifyLogin(registry, { ...access, credentials });
  const { file, helper } = await storeLogin(registry, credentials, access);
  return { registry, username, file, helper: helper ?? null };
}

export interface LogoutResult {
  readonly registry: string;
  /** Whether there was anything to forget. */
  readonly removed: boolean;
  readonly file: string;
  /** Another tool's file still has credentials for it. */
  readonly elsewhere: boolean;
}

export async function logout(options: LoginTools): Promise<LogoutResult> {
  const registry = hostOf(options.host);
  return { registry, ...(await eraseLogin(registry, accessOf(options))) };
}

function accessOf({ ctx, env, registry }: LoginTools): RegistryOptions {
  return { ctx, env, ...registry };
}

/** @throws TareError E_USAGE */
function hostOf(text = 'docker.io'): string {
  const host = text.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const { registry } = parseReference(`${host}/x`);
  if (registry === host || registry === 'docker.io') return registry;
  throw new TareError('E_USAGE', `${JSON.stringify(text)} is not the host of a registry`, {
    hint: 'write HOST or HOST:PORT, for example registry.example.com:5000',
  });
}
