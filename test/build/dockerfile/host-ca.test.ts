import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needs } from '../../helpers/needs.ts';
import { placeProgram } from '../../helpers/shell-root.ts';
import { tempDir } from '../../helpers/temp.ts';
import { openBuilds, ranSteps } from './builds.ts';

interface Authority {
  /** PEM. */
  readonly file: string;
  /** Of a server that it vouches for, and that answers `hello`. */
  readonly url: string;
}

async function openAuthority(): Promise<Authority> {
  const dir = tempDir();
  const file = (name: string): string => join(dir, name);
  const openssl = (...argv: string[]): unknown => execFileSync('openssl', argv, { cwd: dir, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ours alone', '-days', '2');
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server');
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
  openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem');
  const pair = { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) };
  const server = createServer(pair, (_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { file: file('ca.pem'), url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** A context that holds curl. */
async function openCurl() {
  const builds = await openBuilds();
  mkdirSync(join(builds.dir, 'curl/bin'), { recursive: true });
  placeProgram('curl', join(builds.dir, 'curl'));
  return builds;
}

describe.skipIf(!needs('crun', 'busybox', 'curl', 'openssl'))('--host-ca', () => {
  it('lets a step trust whom this machine trusts, and leaves no trace of it', async () => {
    const [authority, { build, home }] = await Promise.all([openAuthority(), openCurl()]);
    const fetch = `FROM busybox\nCOPY curl /\nRUN curl -fsS ${authority.url} >/got\n`;
    const environment = { SSL_CERT_FILE: authority.file };
    const options = { environment, network: 'host' } as const;
    await expect(build(fetch, options)).rejects.toMatchObject({
      code: 'E_STEP',
      message: expect.stringMatching(/certificate/) as string,
    });
    const built = await build(fetch, { ...options, hostCa: true });
    expect(built.files).toContain('644 0:0 /got = hello');
    expect(built.files.filter((line) => /host-ca|\/dev\b/.test(line))).toEqual([]);
    expect(ranSteps(await build(fetch, options)), 'no part of the key').toEqual([]);
    const line = readFileSync(authority.file, 'utf8').split('\n')[2] as string;
    expect(line.length).toBeGreaterThan(60);
    for (const file of readdirSync(home, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = readFileSync(join(file.parentPath, file.name));
      const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
      for (const text of [line, 'host-ca']) expect(plain.includes(text), `${text} in ${file.name}`).toBe(false);
    }
  });

  it('says to each program where they are, unless the Dockerfile does', async () => {
    const { file } = await openAuthority();
    const { build } = await openBuilds();
    const show = 'env | grep /dev/host-ca/ | sort; stat -c %a /dev/host-ca/*; cat "$APT_CONFIG" "$WGETRC"';
    const options = { environment: { SSL_CERT_FILE: file }, hostCa: true };
    const { output } = await build(
      `FROM busybox\nENV PIP_CERT=/own.pem\nUSER app\nRUN ${show}; echo $PIP_CERT\n`,
      options,
    );
    const bundle = '/dev/host-ca/ca-certificates.crt';
    expect(output.trimEnd().split('\n')).toEqual([
      'APT_CONFIG=/dev/host-ca/apt.conf',
      ...['CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE'].map(
        (name) => `${name}=${bundle}`,
      ),
      'WGETRC=/dev/host-ca/wgetrc',
      '444',
      '444',
      '444',
      `Acquire::https::CaInfo "${bundle}";`,
      `ca_certificate = ${bundle}`,
      '/own.pem',
    ]);
  });

  it('lets the bundle of the image be written anew', async () => {
    const { file } = await openAuthority();
    const { build } = await openBuilds({ 'etc/ssl/certs/ca-certificates.crt': 'old' });
    const renew = 'cd /etc/ssl/certs && echo new >x && mv -f x ca-certificates.crt';
    const options = { environment: { SSL_CERT_FILE: file }, hostCa: true };
    const { files } = await build(`FROM busybox\nCOPY etc /etc\nRUN ${renew}\n`, options);
    expect(files).toContain('644 0:0 /etc/ssl/certs/ca-certificates.crt = new');
  });

  it.each([
    ['a file that is not there', () => '/nowhere/ca.pem', 'E_HOST_CA', 'has no file of certificate authorities'],
    ['a file without a certificate', (dir: string) => join(dir, 'Dockerfile'), 'E_HOST_CA', 'no certificate in PEM'],
    ['a folder', (dir: string) => dir, 'E_NOT_FILE', 'not a regular file'],
  ])('refuses %s', async (_name, fileIn, code, message) => {
    const { build, dir } = await openBuilds({ Dockerfile: 'FROM busybox' });
    const options = { environment: { SSL_CERT_FILE: fileIn(dir) }, hostCa: true };
    await expect(build('FROM busybox\nRUN true\n', options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('does not go with a daemon, which runs the steps elsewhere', async () => {
    const { build } = await openBuilds();
    const options = { hostCa: true, engine: 'unix:///nowhere.sock' };
    await expect(build('FROM busybox\nRUN true\n', options)).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
