import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
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

const MAX_FOLDER_FILES = 10_000;
const MAX_CERTIFICATE_BYTES = 4 * 1024 * 1024; // 4 MiB: a bundle of all authorities has a quarter of it

/**
 * The authorities of this machine (those that Node brings, where it has none), those of the files that SSL_CERT_FILE and NODE_EXTRA_CA_CERTS
 * name, and those of the folders of SSL_CERT_DIR (separated by colons; one that is not there counts for nothing, as with OpenSSL and Go).
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
  for (const folder of (env['SSL_CERT_DIR'] ?? '').split(':').filter((name) => name !== ''))
    own.push(...(await certificatesIn(folder)));
  return [...(await systemCertificates()), ...new Set(own)];
}

/** `c_rehash` leaves links of hashed names to the files beside them: each text counts once. */
async function certificatesIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of (await namesIn(folder)).slice(0, MAX_FOLDER_FILES)) {
    const text = await textOf(join(folder, name));
    if (text?.includes('-----BEGIN CERTIFICATE-----') === true) found.push(text);
  }
  return found;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return [];
    throw fromErrno(error, 'cannot read the certificates that SSL_CERT_DIR names', {
      hint: 'set SSL_CERT_DIR to folders of PEM files',
    });
  }
}

/** Undefined for what is no file: folders of the system hold others, and links that lead nowhere. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    return size > MAX_CERTIFICATE_BYTES ? undefined : await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
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
