import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/transports/registry/auth/challenge.ts';
import {
  credentialPaths,
  credentialsOf,
  keysFor,
  plainKey,
} from '../../../src/transports/registry/auth/credential-files.ts';
import { findCredentials } from '../../../src/transports/registry/auth/find-credentials.ts';
import { covers, scopeTexts } from '../../../src/transports/registry/auth/scope.ts';
import { tempDir } from '../../helpers/temp.ts';
import { failure } from '../sample.ts';

describe('parseChallenges', () => {
  it.each<[string | string[], [string, Record<string, string>][]]>([
    ['Basic realm="x"', [['basic', { realm: 'x' }]]],
    [
      'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://auth.example/token', service: 'reg', scope: 'repository:a/b:pull,push' }]],
    ],
    ['BEARER Realm = x , SERVICE="a\\"b"', [['bearer', { realm: 'x', service: 'a"b' }]]],
    [
      'Negotiate, Basic realm="a, b", Bearer realm="c"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'c' }],
      ],
    ],
    [
      'Negotiate YWJj=, Basic realm="a"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    [
      ['Basic realm="a"', 'Bearer realm="b"'],
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b' }],
      ],
    ],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    ['', []],
    ['"', []],
    ['Bearer realm="open', [['bearer', {}]]],
  ])('%j', (headers, expected) => {
    const found = parseChallenges([headers].flat());
    expect(found.map(({ parameters, scheme }) => [scheme, Object.fromEntries(parameters)])).toEqual(expected);
  });

  it('ends for every header', () => {
    expect(parseChallenges([',,,,   =====", '.repeat(10_000)]).length).toBeLessThan(100_000);
  });
});

describe('scopes', () => {
  it('merge, sort and are compared', () => {
    const wanted = scopeTexts(
      [
        { repository: 'b', actions: ['push', 'pull'] },
        { repository: 'a', actions: ['pull'] },
        { repository: 'b', actions: ['pull'] },
      ],
      ['repository:b:delete', 'registry:catalog:*', 'nonsense'],
    );
    expect(wanted).toEqual(['registry:catalog:*', 'repository:a:pull', 'repository:b:delete,pull,push']);
    expect(covers(wanted, ['repository:b:pull'])).toBe(true);
    expect(covers(wanted, ['repository:a:pull,push'])).toBe(false);
    expect(covers(wanted, ['repository:c:pull'])).toBe(false);
    expect(covers(wanted, [])).toBe(true);
  });
});

describe('the files of credentials', () => {
  it.each<[Record<string, string>, string | undefined, string[]]>([
    [{ HOME: '/h' }, undefined, ['/h/.config/containers/auth.json', '/h/.docker/config.json']],
    [
      { HOME: '/h', XDG_RUNTIME_DIR: '/run/1', XDG_CONFIG_HOME: '/c', DOCKER_CONFIG: '/d' },
      undefined,
      ['/run/1/containers/auth.json', '/c/containers/auth.json', '/d/config.json'],
    ],
    [{ HOME: '/h', REGISTRY_AUTH_FILE: '/x' }, undefined, ['/x']],
    [{ HOME: '/h', REGISTRY_AUTH_FILE: '/x' }, '/y', ['/y']],
    [
      { HOME: '/h', REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '' },
      undefined,
      ['/h/.config/containers/auth.json', '/h/.docker/config.json'],
    ],
  ])('of %j and %j', (env, file, expected) => {
    expect(credentialPaths(env, file)).toEqual(expected);
  });

  it('knows keys as other tools write them', () => {
    expect(keysFor('r.example:5000', 'a/b')).toEqual(['r.example:5000/a/b', 'r.example:5000/a', 'r.example:5000']);
    expect(keysFor('docker.io', undefined)).toContain('index.docker.io');
    expect(plainKey('https://index.docker.io/v1/')).toBe('index.docker.io');
    expect(plainKey('http://host:1/')).toBe('host:1');
    expect(plainKey('host/a/b')).toBe('host/a/b');
  });

  const b64 = (text: string): string => Buffer.from(text).toString('base64');
  it.each([
    [{ auth: b64('me:a:b') }, { username: 'me', password: 'a:b' }],
    [{ auth: b64('me:pass\0\0') }, { username: 'me', password: 'pass' }],
    [
      { username: 'me', password: '' },
      { username: 'me', password: '' },
    ],
    [{ auth: b64('00000000-0000-0000-0000-000000000000:'), identitytoken: 't' }, { identityToken: 't' }],
    [{ registrytoken: 't' }, { registryToken: 't' }],
    [{}, undefined],
    [{ auth: '' }, undefined],
    [{ auth: 5 }, undefined],
    [null, undefined],
    [{ auth: b64('nocolon') }, undefined],
  ])('reads %j', (entry, expected) => {
    expect(credentialsOf(entry)).toEqual(expected);
  });

  it.each(['a\r\nx: y', 'a b', 'ü'])('refuses a token that no header can carry: %j', (registrytoken) => {
    expect(() => credentialsOf({ registrytoken })).toThrow(expect.objectContaining({ code: 'E_CREDENTIALS' }));
  });
});

interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, unknown>>;
  readonly registry?: string;
  readonly repository?: string;
  readonly gives: string | undefined;
}

const pair = (name: string): unknown => ({ auth: Buffer.from(`${name}:secret`).toString('base64') });
const CASES: readonly Case[] = [
  { what: 'nothing', files: {}, gives: undefined },
  { what: "docker's file", files: { '.docker/config.json': { auths: { 'r.io': pair('docker') } } }, gives: 'docker' },
  {
    what: 'the first file that has some',
    files: {
      '.config/containers/auth.json': { auths: { 'r.io': pair('podman') } },
      '.docker/config.json': { auths: { 'r.io': pair('docker') } },
    },
    gives: 'podman',
  },
  {
    what: 'the next file when the first has none for this registry',
    files: {
      '.config/containers/auth.json': { auths: { 'other.io': pair('podman') } },
      '.docker/config.json': { auths: { 'https://r.io/v1/': pair('docker') } },
    },
    gives: 'docker',
  },
  {
    what: 'the longest path',
    files: {
      '.docker/config.json': { auths: { 'r.io': pair('all'), 'r.io/a': pair('some'), 'r.io/ab': pair('none') } },
    },
    repository: 'a/b',
    gives: 'some',
  },
  {
    what: 'the account of Docker Hub',
    files: { '.docker/config.json': { auths: { 'https://index.docker.io/v1/': pair('hub') } } },
    registry: 'docker.io',
    gives: 'hub',
  },
  {
    what: 'a helper for the registry',
    files: { '.docker/config.json': { credHelpers: { 'r.io': 'test' } } },
    gives: 'helper of r.io',
  },
  {
    what: 'a store for all',
    files: { '.docker/config.json': { auths: { 'r.io': {} }, credsStore: 'test' } },
    gives: 'helper of r.io',
  },
  {
    what: 'a store asked for Docker Hub by its old key',
    files: { '.docker/config.json': { credsStore: 'test' } },
    registry: 'docker.io',
    gives: 'helper of https://index.docker.io/v1/',
  },
  {
    what: 'a helper that has none',
    files: { '.docker/config.json': { credHelpers: { 'r.io': 'empty' }, auths: { 'r.io': pair('file') } } },
    gives: 'file',
  },
  { what: 'an empty file', files: { '.docker/config.json': undefined }, gives: undefined },
];

/** A home with these files, and helpers on its PATH. */
function home(files: Case['files']): Record<string, string> {
  const dir = tempDir();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content === undefined ? '' : JSON.stringify(content));
  }
  const helper = (name: string, script: string): void => {
    writeFileSync(join(dir, `docker-credential-${name}`), `#!/bin/sh\nread server\n${script}\n`);
    chmodSync(join(dir, `docker-credential-${name}`), 0o755);
  };
  helper('test', 'printf \'{"ServerURL":"%s","Username":"helper of %s","Secret":"s"}\' "$server" "$server"');
  helper('empty', 'echo "credentials not found in native keychain"; exit 1');
  helper('broken', 'echo "top secret"; exit 3');
  helper('token', 'echo \'{"Username":"<token>","Secret":"identity"}\'');
  helper('odd', 'echo "top secret"');
  return { HOME: dir, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
}

const signal = new AbortController().signal;

describe('findCredentials', () => {
  it.each(CASES)('$what', async ({ files, gives, registry = 'r.io', repository = 'a/b' }) => {
    const found = await findCredentials(registry, repository, { env: home(files), authFile: undefined, signal });
    expect(found === undefined ? undefined : 'username' in found ? found.username : '?').toBe(gives);
  });

  it('takes an identity token from a helper', async () => {
    const env = home({ '.docker/config.json': { credHelpers: { 'r.io': 'token' } } });
    expect(await findCredentials('r.io', 'a', { env, authFile: undefined, signal })).toEqual({
      identityToken: 'identity',
    });
  });

  it.each([
    ['a helper that fails', { credHelpers: { 'r.io': 'broken' } }],
    ['a helper that answers oddly', { credHelpers: { 'r.io': 'odd' } }],
    ['a helper that is not there', { credHelpers: { 'r.io': 'missing' } }],
    ['a helper that is a path', { credHelpers: { 'r.io': '../../bin/sh' } }],
    ['what is no object', ['top secret']],
  ])('refuses %s, without a word of the content', async (_what, file) => {
    const env = home({ '.docker/config.json': file });
    const error = await failure(findCredentials('r.io', 'a', { env, authFile: undefined, signal }));
    expect(error.code).toBe('E_CREDENTIALS');
    expect(error.message).not.toContain('top secret');
  });

  it('quotes nothing of a file that is not JSON', async () => {
    const env = home({});
    mkdirSync(join(env['HOME'] ?? '', '.docker'));
    writeFileSync(join(env['HOME'] ?? '', '.docker/config.json'), '{"auths": top secret');
    const error = await failure(findCredentials('r.io', 'a', { env, authFile: undefined, signal }));
    expect(error.code).toBe('E_CREDENTIALS');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('secret');
  });
});
