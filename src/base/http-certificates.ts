import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { errnoOf, fromErrno } from './error.ts';
import type { Environment } from './http-proxy.ts';

/** Where systems keep the authorities that they trust: Debian and Alpine, Fedora, SUSE, others. */
export const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The authorities of this machine (those that Node brings, where it has none), and those of the files that SSL_CERT_FILE and NODE_EXTRA_CA_CERTS name.
 * @throws TareError when a file that the environment names cannot be read
 */
export async function trustedCertificates(env: Environment): Promise<string[]> {
  const own: string[] = [];
  for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    const file = env[name];
    if (file === undefined || file === '') continue;
    try {
      own.push(await readFile(file, 'utf8'));
    } catch (error) {
      throw fromErrno(error, `cannot read the certificates that ${name} names`, { hint: `set ${name} to a PEM file` });
    }
  }
  return [...(await systemCertificates()), ...own];
}

async function systemCertificates(): Promise<readonly string[]> {
  for (const file of SYSTEM_FILES) {
    try {
      return [await readFile(file, 'utf8')];
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read the certificates of this machine`);
    }
  }
  return rootCertificates;
}
