import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import { trustedCertificates } from '../../base/http-certificates.ts';
import type { Environment } from '../../base/http-proxy.ts';
import { readSmallFile } from '../../base/small-file.ts';

/** What node:tls takes. */
export interface TlsSettings {
  readonly ca: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: false;
}

const MAX_FILE_BYTES = 1024 * 1024; // 1 MiB

/** containers-certs.d(5) and docker's own; of two clients' certificates the first counts. */
function certificateFolders(host: string, env: Environment): readonly string[] {
  // A redirect may name a host of dots, which would lead out of the folder.
  if (!/^[A-Za-z0-9[]/.test(host)) return [];
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/', '.config');
  return [join(config, 'containers', 'certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d'].map((folder) =>
    join(folder, host),
  );
}

/**
 * The authorities and the client certificate for a host: those of the machine, and in the folder certs.d/HOST[:PORT] each `*.crt` (an authority), and
 * `NAME.cert` with `NAME.key`.
 * @throws TareError E_TLS when a certificate has no key; E_PERMISSION
 */
export async function tlsFor(host: string, env: Environment, insecure: boolean): Promise<TlsSettings> {
  const own: string[] = [];
  let client: { readonly cert: string; readonly key: string } | undefined;
  for (const folder of certificateFolders(host, env)) {
    const names = await namesIn(folder);
    for (const name of names.filter((item) => item.endsWith('.crt'))) own.push(await read(join(folder, name)));
    const cert = names.find((name) => name.endsWith('.cert'));
    if (client !== undefined || cert === undefined) continue;
    const key = cert.replace(/\.cert$/, '.key');
    if (!names.includes(key))
      throw new TareError('E_TLS', `${join(folder, cert)} has no key beside it`, { hint: `put ${key} beside it` });
    client = { cert: await read(join(folder, cert)), key: await read(join(folder, key)) };
  }
  return {
    ca: [...(await trustedCertificates(env)), ...own],
    ...client,
    ...(insecure ? { rejectUnauthorized: false as const } : {}),
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw fromErrno(error, `cannot read ${folder}`);
  }
}

async function read(file: string): Promise<string> {
  try {
    return (await readSmallFile(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`);
  }
}
