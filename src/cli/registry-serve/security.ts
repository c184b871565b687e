import { TareError } from '../../base/error.ts';
import type { ServeOptions } from '../../ship/registry/server.ts';
import type { CommandInput } from '../spec.ts';

/** Certificates with their chains, and keys. */
const MAX_PEM_BYTES = 1024 * 1024; // 1 MiB

async function pem(file: string): Promise<Buffer> {
  const [{ readSmallFile }, { fromErrno }] = await Promise.all([
    import('../../base/small-file.ts'),
    import('../../base/error.ts'),
  ]);
  return readSmallFile(file, MAX_PEM_BYTES).catch((error: unknown) => {
    throw fromErrno(error, `cannot read ${file}`);
  });
}

/** @throws TareError E_USAGE */
export async function tlsOf(options: CommandInput['options']): Promise<ServeOptions['tls']> {
  const [cert, key] = [options.text('tlsCert'), options.text('tlsKey')];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new TareError('E_USAGE', '--tls-cert and --tls-key go together');
  const tls = { cert: await pem(cert), key: await pem(key) };
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new TareError('E_USAGE', `${cert} and ${key} cannot be used for TLS: ${(error as Error).message}`, {
      hint: 'give a certificate and its private key as PEM files',
      cause: error,
    });
  }
  return tls;
}

/** @throws TareError E_USAGE */
export async function accessOf(options: CommandInput['options']): Promise<ServeOptions['access']> {
  const htpasswd = options.text('htpasswd');
  const token = {
    realm: options.text('tokenRealm'),
    service: options.text('tokenService'),
    issuer: options.text('tokenIssuer'),
    key: options.text('tokenKey'),
  };
  const anonymousPull = options.flag('anonymousPull');
  const hasToken = Object.values(token).some((value) => value !== undefined);
  if (htpasswd !== undefined && hasToken)
    throw new TareError('E_USAGE', 'there are either passwords or tokens, not both');
  if (htpasswd !== undefined) {
    const { htpasswdAccess } = await import('../../ship/registry/auth/htpasswd.ts');
    return htpasswdAccess({ file: htpasswd, anonymousPull });
  }
  if (!hasToken) {
    if (anonymousPull)
      throw new TareError('E_USAGE', '--anonymous-pull goes with --htpasswd or --token-realm: without, all may push');
    return undefined;
  }
  const { realm, service, issuer, key } = token;
  if (realm === undefined || service === undefined || issuer === undefined || key === undefined)
    throw new TareError('E_USAGE', '--token-realm, --token-service, --token-issuer and --token-key go together');
  const [{ tokenAccess }, { readPublicKeys }] = await Promise.all([
    import('../../ship/registry/auth/token.ts'),
    import('../../ship/registry/auth/jwt.ts'),
  ]);
  try {
    return tokenAccess({
      realm,
      service,
      issuer,
      anonymousPull,
      keys: readPublicKeys((await pem(key)).toString('utf8')),
    });
  } catch (error) {
    if (error instanceof TareError) throw error;
    throw new TareError('E_USAGE', `${key} holds no public key that can be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
