import { TareError, errnoOf, fromErrno } from '../../base/error.ts';
import { readSmallFile } from '../../base/small-file.ts';
import type { Mount } from '../../sandbox/index.ts';
import { SYSTEM_FILES } from '../../base/http-certificates.ts';
import type { Environment } from '../../base/http-proxy.ts';

/** What the sandbox takes of a file in memory. */
const MAX_BUNDLE_BYTES = 500 * 1024; // 500 KiB

/**
 * Not where the image keeps its own bundle: `update-ca-certificates`, which the installation of many a package runs, renames a new file to that place, and
 * nothing can be renamed onto a mount. Below /dev, which belongs to the container alone, a mount needs no file in the root to stand on either.
 */
const FOLDER = '/dev/host-ca';
const BUNDLE = `${FOLDER}/ca-certificates.crt`;
const APT = `${FOLDER}/apt.conf`;
const WGET = `${FOLDER}/wgetrc`;

/** Who listens to which: OpenSSL, Go, .NET and Rust; curl; pip and requests; Node and npm; git; and two that know a file of settings alone. */
const VARIABLES: readonly (readonly [name: string, file: string])[] = [
  ['SSL_CERT_FILE', BUNDLE],
  ['CURL_CA_BUNDLE', BUNDLE],
  ['PIP_CERT', BUNDLE],
  ['REQUESTS_CA_BUNDLE', BUNDLE],
  ['NODE_EXTRA_CA_CERTS', BUNDLE],
  ['GIT_SSL_CAINFO', BUNDLE],
  ['APT_CONFIG', APT],
  ['WGETRC', WGET],
];

export interface HostCa {
  readonly mounts: readonly Mount[];
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/**
 * The certificate authorities that this machine trusts, for the processes of steps: in memory while a step runs, and no part of its key or its layer.
 * The file that SSL_CERT_FILE names, else the system's.
 * @throws TareError E_HOST_CA when there is none, or it holds no certificate; E_LIMIT, E_NOT_FILE, E_PERMISSION, …
 */
export async function hostCa(env: Environment): Promise<HostCa> {
  const { bytes, file } = await bundleOf(env);
  if (!bytes.includes('-----BEGIN CERTIFICATE-----'))
    throw new TareError('E_HOST_CA', `${file} holds no certificate in PEM form`);
  const files: readonly (readonly [target: string, bytes: Uint8Array])[] = [
    [BUNDLE, bytes],
    [APT, Buffer.from(`Acquire::https::CaInfo "${BUNDLE}";\n`)],
    [WGET, Buffer.from(`ca_certificate = ${BUNDLE}\n`)],
  ];
  return {
    mounts: files.map(([target, content]) => ({
      kind: 'secret',
      target,
      bytes: content,
      mode: 0o444,
      uid: 0,
      gid: 0,
    })),
    env: VARIABLES.map(([name, value]) => `${name}=${value}`),
  };
}

async function bundleOf(env: Environment): Promise<{ readonly file: string; readonly bytes: Buffer }> {
  const named = env['SSL_CERT_FILE'];
  const files = named === undefined || named === '' ? SYSTEM_FILES : [named];
  for (const file of files) {
    try {
      return { file, bytes: await readSmallFile(file, MAX_BUNDLE_BYTES) };
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot read the certificates of this machine`);
    }
  }
  throw new TareError('E_HOST_CA', `this machine has no file of certificate authorities at ${files.join(', ')}`);
}
