import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../../src/oci/types.ts';
import { namedSecrets } from '../../../src/explain/findings/secrets/named-rules.ts';
import { tokensIn } from '../../../src/explain/findings/secrets/token-rules.ts';
import { needs } from '../../helpers/needs.ts';
import { findingsIn } from './made.ts';

// Made here, so that no scanner takes this file for a leak.
const random = (length: number): string => 'k9Zq3vX7bT1mWc5RpY8sLd2HfJ4gNa6E'.repeat(8).slice(0, length);
const upper = (length: number): string => random(250).toUpperCase().slice(0, length);
const AWS_ID = `AKIA${upper(16)}`;
const GITHUB = `ghp_${random(36)}`;
const NPM = `npm_${random(36)}`;
const BODY = random(256).replace(/(.{64})/g, '$1\n');
const pem = (kind: string): string => `-----BEGIN ${kind}-----\n${BODY}-----END ${kind}-----\n`;

const file = (path: string, content: string | Uint8Array = '', mode = 0o644) => ({ path, content, mode });

async function found(entries: readonly ReturnType<typeof file>[], config: RunConfig = {}): Promise<string[]> {
  const { secrets } = await findingsIn([entries], { config });
  return secrets.map(({ kind, line, path }) => `${path}${line === undefined ? '' : `:${line}`} ${kind}`);
}

describe('secrets in files', () => {
  it.each([
    ['etc/nginx/tls.key', pem('RSA PRIVATE KEY'), '1 private key (PEM)'],
    ['etc/tls/both.pem', `${pem('CERTIFICATE')}${pem('PRIVATE KEY')}`, '7 private key (PEM)'],
    ['etc/tls/e.pem', pem('ENCRYPTED PRIVATE KEY'), '1 private key (PEM, encrypted)'],
    [
      'etc/tls/old.key',
      pem('RSA PRIVATE KEY').replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n'),
      '1 private key (PEM, encrypted)',
    ],
    ['root/.ssh/id_ed25519', pem('OPENSSH PRIVATE KEY'), '1 private key (OpenSSH)'],
    ['etc/ssh/ssh_host_rsa_key', pem('OPENSSH PRIVATE KEY'), '1 private key (OpenSSH)'],
    ['root/key.asc', pem('PGP PRIVATE KEY BLOCK'), '1 private key (PGP)'],
    ['home/me/k.ppk', `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n`, '1 private key (PuTTY)'],
    ['app/.npmrc', `registry=https://r\n//registry.npmjs.org/:_authToken=${NPM}\n`, '2 npm token'],
    ['root/.yarnrc.yml', 'npmAuthToken: "abcd-efgh-ijkl"\n', '1 npm token'],
    ['root/.pypirc', '[pypi]\nusername = me\npassword = hunter22\n', '3 PyPI password'],
    ['etc/pip.conf', '[global]\nindex-url = https://me:hunter22@pypi.corp/simple\n', '2 password in an address'],
    ['root/.netrc', 'machine x login y password hunter22\n', '1 netrc password'],
    ['root/.git-credentials', 'https://me:hunter22@github.com\n', '1 git password'],
    ['src/.git/config', '[remote "o"]\n\turl = https://me:hunter22@github.com/x\n', '2 git password'],
    ['root/.docker/config.json', '{"auths":{"r.io":{"auth":"bWU6aHVudGVyMjI="}}}', '1 registry login'],
    ['app/.env', `# x\nPORT=1\nDB_PASSWORD='s3cr3t-value'\n`, '3 secret in .env'],
    ['app/.env.production', `export API_KEY=s3cr3t-value # mine\n`, '1 secret in .env'],
    ['root/.aws/credentials', `[default]\naws_secret_access_key = ${random(40)}\n`, '2 AWS secret access key'],
    [
      'app/gcp.json',
      JSON.stringify({ type: 'service_account', private_key: pem('PRIVATE KEY') }, null, 1),
      '3 GCP service account key',
    ],
    [
      'app/settings.json',
      `{"conn":"DefaultEndpointsProtocol=https;AccountKey=${random(86)}=="}`,
      '1 Azure storage key',
    ],
    [
      'root/.kube/config',
      'kind: Config\nusers:\n- user:\n    client-key-data: TFMwdExTMUNSVWRKVGc=\n',
      '4 Kubernetes credentials',
    ],
    ['infra/terraform.tfstate', '{\n "version": 4,\n "terraform_version": "1.9.0"}', '3 Terraform state'],
    ['root/.pgpass', 'db:5432:app:me:hunter22\n', '1 database password'],
    ['root/.vault-token', 'hvs0123456789abc\n', '1 Vault token'],
    ['etc/shadow', 'root:*:1::::::\nme:$6$salt$hash:1::::::\n', '2 password hash'],
    ['srv/config.yml', `a: 1\ntoken: ${GITHUB}\n`, '2 GitHub token'],
    ['srv/deploy.sh', `export AWS_ACCESS_KEY_ID=${AWS_ID}\n`, '1 AWS access key ID'],
    ['app/src/slack.js', `post("xoxb-123456789012-${random(24)}")`, '1 Slack token'],
    ['app/pay.rb', `KEY = "sk_live_${random(24)}"`, '1 Stripe key'],
    [
      'srv/key.py',
      `KEY = (${pem('RSA PRIVATE KEY')
        .replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n')
        .replace(/(.*)\n/g, '    "$1\\n"\n')})`,
      '1 private key (PEM, encrypted)',
    ],
    [
      'usr/src/app/key.js',
      `const key = "${pem('RSA PRIVATE KEY').replaceAll('\n', String.raw`\n`)}";`,
      '1 private key (PEM)',
    ],
  ])('%s', async (path, content, expected) => {
    expect(await found([file(path, content)])).toEqual([`/${path}:${expected}`]);
  });

  it.each([
    ['a public key', 'etc/tls/pub.pem', pem('PUBLIC KEY')],
    ['a key without a body', 'app/key.js', 'if (text.startsWith("-----BEGIN PRIVATE KEY-----")) parse(text)'],
    ['a placeholder', 'etc/tls/x.pem', '-----BEGIN PRIVATE KEY-----\n<paste it here>\n-----END PRIVATE KEY-----\n'],
    ['a variable', 'app/.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n'],
    ['an example', 'app/.env.example', 'API_KEY=s3cr3t-value\n'],
    [
      'a dummy',
      'app/.env',
      'PASSWORD=changeme\nAPI_KEY=your_api_key\nTOKEN=xxxxxxxx\nSECRET_FILE=/run/secrets/x\nPASSWORD=$OTHER\n',
    ],
    ['the example of AWS', 'srv/x', 'AKIAIOSFODNN7EXAMPLE'],
    ['the same sign again and again', 'srv/x', `ghp_${'x'.repeat(36)}`],
    ['a test key of the application', 'app/test/fixtures/server.key', pem('PRIVATE KEY')],
    ['a test key of a dependency', 'app/node_modules/tls/server.pem', pem('PRIVATE KEY')],
    ['a test key of Python', 'usr/local/lib/python3.12/test/certdata/ssl_key.pem', pem('PRIVATE KEY')],
    ['an example in the documentation', 'usr/share/doc/openssl/key.pem', pem('PRIVATE KEY')],
    ['what Debian makes for tests', 'etc/ssl/private/ssl-cert-snakeoil.key', pem('PRIVATE KEY')],
    ['locked passwords', 'etc/shadow', 'root:*:1::::::\nme:!:1::::::\nnobody::1::::::\n'],
    ['a token outside of the application', 'usr/share/x/data.txt', GITHUB],
    ['a token in a binary', 'srv/x', `\0${GITHUB}`],
    ['an empty login', 'root/.docker/config.json', '{"auths":{"r.io":{}}, "credsStore":"pass"}'],
    ['a stack of trust', 'app/truststore.p12', '\x30\x82\x01\x00\x02\x01\x03'],
  ])('%s is none', async (_name, path, content) => {
    expect(await found([file(path, content)])).toEqual([]);
  });

  it('is seen at the head of a file of any length', async () => {
    const long = `//registry.npmjs.org/:_authToken=${NPM}\n${'#'.repeat(1024 * 1024)}`;
    expect(await found([file('app/.npmrc', long), file('app/x.txt', `${GITHUB}\n`.repeat(8000))])).toEqual([
      '/app/.npmrc:1 npm token',
    ]);
  });

  it('is none that a package brings', async () => {
    const owned = [
      file('var/lib/dpkg/status', 'Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n'),
      file('var/lib/dpkg/info/x.list', '/etc/x/server.key\n'),
    ];
    expect(
      await found([...owned, file('etc/x/server.key', pem('PRIVATE KEY')), file('etc/x/own.key', pem('PRIVATE KEY'))]),
    ).toEqual(['/etc/x/own.key:1 private key (PEM)']);
  });

  it('looks into the working folder, wherever it is', async () => {
    const entries = [file('data/service/conf', GITHUB), file('data/other/conf', GITHUB)];
    expect(await found(entries, { WorkingDir: '/data/service' })).toEqual(['/data/service/conf:1 GitHub token']);
    expect(await found(entries, { WorkingDir: '/../..' })).toEqual([]);
  });

  it.skipIf(!needs('openssl', 'ssh-keygen', 'keytool'))('knows what real tools write', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tare-keys-'));
    try {
      const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: dir, stdio: 'ignore' });
      run(
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'tls.key',
        '-out',
        'tls.crt',
        '-subj',
        '/CN=x',
      );
      run(
        'openssl',
        'pkcs12',
        '-export',
        '-inkey',
        'tls.key',
        '-in',
        'tls.crt',
        '-out',
        'tls.p12',
        '-passout',
        'pass:changeit',
      );
      run('openssl', 'pkcs8', '-topk8', '-in', 'tls.key', '-out', 'locked.pem', '-passout', 'pass:changeit');
      run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'id_ed25519');
      const store = ['-storetype', 'JKS', '-storepass', 'changeit', '-keypass', 'changeit', '-noprompt'];
      run(
        'keytool',
        '-genkeypair',
        '-alias',
        'a',
        '-dname',
        'CN=x',
        '-keyalg',
        'RSA',
        '-keystore',
        'own.jks',
        ...store,
      );
      run(
        'keytool',
        '-importcert',
        '-alias',
        'a',
        '-file',
        'tls.crt',
        '-keystore',
        'others.jks',
        ...store.slice(0, 4),
        '-noprompt',
      );
      const names = [
        'tls.key',
        'tls.crt',
        'tls.p12',
        'locked.pem',
        'id_ed25519',
        'id_ed25519.pub',
        'own.jks',
        'others.jks',
      ];
      expect(await found(names.map((name) => file(`keys/${name}`, readFileSync(join(dir, name)))))).toEqual([
        '/keys/id_ed25519:1 private key (OpenSSH)',
        '/keys/locked.pem:1 private key (PEM, encrypted)',
        '/keys/own.jks key store (JKS)',
        '/keys/tls.key:1 private key (PEM)',
        '/keys/tls.p12 key store (PKCS#12)',
      ]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('secrets in layers', () => {
  it('are there although a later layer deletes or replaces them', async () => {
    const { secrets } = await findingsIn([
      [
        file('app/.npmrc', `_authToken=${NPM}`),
        file('app/.env', 'API_KEY=s3cr3t-value'),
        file('app/a.pem', pem('PRIVATE KEY')),
      ],
      [file('app/.wh..npmrc'), file('app/.env', 'API_KEY=${API_KEY}'), file('app/a.pem', pem('PRIVATE KEY'), 0o600)],
    ]);
    expect(secrets).toEqual([
      { path: '/app/.env', kind: 'secret in .env', line: 1, layer: 0, hidden: true },
      { path: '/app/.npmrc', kind: 'npm token', line: 1, layer: 0, hidden: true },
      { path: '/app/a.pem', kind: 'private key (PEM)', line: 1, layer: 1 },
    ]);
  });
});

describe('secrets in the config', () => {
  it('are told by where they stand, without their values', async () => {
    const value = 's3cr3t-value';
    const { secrets } = await findingsIn([[file('a')]], {
      config: {
        Env: [
          'PATH=/bin',
          `DB_PASSWORD=${value}`,
          `GH=${GITHUB}`,
          `DATABASE_URL=postgres://me:${value}@db/app`,
          'POSTGRES_PASSWORD=postgres',
          'GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D',
          'TOKEN_FILE=/run/secrets/token',
          'EMPTY',
        ],
        Labels: { 'com.example.api-key': value, version: '1.0' },
        Cmd: ['serve', `--token=${value}`],
        Entrypoint: null,
      },
      history: [
        { created_by: 'ADD file:1 in /' },
        { created_by: `|1 NPM_TOKEN=${value} /bin/sh -c npm ci`, empty_layer: true },
        { created_by: 'RUN /bin/sh -c curl -u "$USER:$PASS" https://x', empty_layer: true },
      ],
    });
    expect(secrets).toEqual([
      { path: 'config.Cmd', kind: 'password in a command' },
      { path: 'config.Env DATABASE_URL', kind: 'password in an address' },
      { path: 'config.Env DB_PASSWORD', kind: 'secret in a variable' },
      { path: 'config.Env GH', kind: 'GitHub token' },
      { path: 'config.Labels com.example.api-key', kind: 'secret in a variable' },
      { path: 'history 1', kind: 'password in a command' },
    ]);
    expect(JSON.stringify(secrets)).not.toContain(value);
  });
});

describe('hostile texts', () => {
  const pieces = [
    '-----BEGIN RSA PRIVATE KEY-----',
    'A',
    '\n',
    '\\n',
    ' ',
    ':',
    '@',
    '://',
    '=',
    '"',
    'password',
    'a_',
    'AccountKey=',
    'aws_secret_access_key',
    'SG.',
    '$6$',
    'Proc-Type: ',
  ];

  it('are searched in linear time', () => {
    for (const piece of pieces) {
      const text = piece.repeat(Math.floor(200_000 / piece.length));
      expect(tokensIn(text)).toBeDefined();
      for (const path of [
        '/.npmrc',
        '/.env',
        '/a.pem',
        '/.pgpass',
        '/.git/config',
        '/.docker/config.json',
        '/etc/shadow',
        '/.netrc',
        '/.kube/config',
        '/nuget.config',
        '/a.p12',
      ])
        expect(namedSecrets(path, text)).toBeDefined();
    }
  }, 30_000);

  it('are searched in linear time where lines could be read in several ways', () => {
    const begin = '-----BEGIN PRIVATE KEY-----\n';
    for (const piece of ['Aa: ', 'Aa: Bb: ', 'Aa:  ', `Aa: ${begin}`, ' \n', '\\n', `${begin}\n\n`])
      for (const times of [49, 400, 20_000]) expect(tokensIn(begin + piece.repeat(times))).toEqual([]);
  });

  it('break nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 30 }),
        fc.constantFrom('/.npmrc', '/.env', '/x.key', '/a.jks'),
        (parts, path) => {
          const text = parts.join('');
          for (const { line } of namedSecrets(path, text)) expect(line).toBeLessThanOrEqual(text.split('\n').length);
        },
      ),
    );
  });
});
