import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { htpasswdAccess } from '../../../src/ship/registry/auth/htpasswd.ts';
import { readPublicKeys, verifyToken } from '../../../src/ship/registry/auth/jwt.ts';
import { tokenAccess } from '../../../src/ship/registry/auth/token.ts';
import type { Access } from '../../../src/ship/registry/auth/types.ts';
import { serveRegistry } from '../../../src/ship/registry/server.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOf } from './fixtures.ts';

async function serving(access: Access): Promise<string> {
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: tempDir(), access });
  onTestFinished(() => server.stop());
  return server.url;
}

const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

function htpasswd(...lines: readonly string[]): string {
  const file = join(tempDir(), 'users');
  writeFileSync(file, `# users\n\n${lines.join('\n')}\n`);
  return file;
}

describe('htpasswd', () => {
  it('lets users in who know their passwords', async () => {
    const file = htpasswd(`ann:${hashSync('käse', 4)}`, `bob:${hashSync('b:o:b', 4).replace('$2b', '$2y')}`);
    const url = await serving(await htpasswdAccess({ file, anonymousPull: false }));
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/v2/`, { headers })).status;
    expect(await status(basic('ann', 'käse'))).toBe(200);
    expect(await status(basic('ann', 'käse'))).toBe(200);
    expect(await status(basic('bob', 'b:o:b'))).toBe(200);
    for (const headers of [
      basic('ann', 'kase'),
      basic('eve', 'käse'),
      basic('', ''),
      { authorization: 'Basic !!!' },
      { authorization: 'Bearer x' },
    ])
      expect(await status(headers)).toBe(401);
    const challenged = await fetch(`${url}/v2/`);
    expect(challenged.status).toBe(401);
    expect(challenged.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(await challenged.text()).toContain('UNAUTHORIZED');
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('lets everybody read, when told so, and still challenges who may want to write', async () => {
    const file = htpasswd(`ann:${hashSync('x', 4)}`);
    const url = await serving(await htpasswdAccess({ file, anonymousPull: true }));
    expect((await fetch(`${url}/v2/a/tags/list`)).status).toBe(404);
    expect((await fetch(`${url}/v2/_catalog`)).status).toBe(200);
    expect((await fetch(`${url}/v2/`)).status).toBe(401);
    expect((await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${url}/v2/a/manifests/x`, { method: 'DELETE' })).status).toBe(401);
    const headers = basic('ann', 'x');
    expect((await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST', headers })).status).toBe(202);
  });

  it.for([
    ['ann:$apr1$abc$def', /line 3 is not USER:HASH with a bcrypt hash/],
    ['ann', /line 3/],
    [`ann:$2b$31$${'a'.repeat(53)}`, /cost of 31/],
  ] as const)('refuses a file with %s', async ([line, message]) => {
    await expect(htpasswdAccess({ file: htpasswd(line), anonymousPull: false })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(message),
    });
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const NOW = 1_700_000_000;

function token(claims: object, options: { alg?: string; key?: KeyObject; header?: object } = {}): string {
  const { alg = 'RS256', key = rsa.privateKey } = options;
  const text = `${part({ alg, typ: 'JWT', ...options.header })}.${part(claims)}`;
  const bytes = Buffer.from(text);
  const signature =
    alg === 'EdDSA'
      ? sign(null, bytes, key)
      : sign(`sha${alg.slice(2)}`, bytes, alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key);
  return `${text}.${signature.toString('base64url')}`;
}

const GOOD = { iss: 'issuer', aud: 'registry', exp: NOW + 300, sub: 'ann' };
const EXPECTED = {
  keys: readPublicKeys([rsa, ec, ed].map((pair) => pem(pair.publicKey)).join('')),
  issuer: 'issuer',
  audience: 'registry',
};

describe('tokens', () => {
  it.for([
    ['RS256', rsa.privateKey],
    ['RS512', rsa.privateKey],
    ['ES256', ec.privateKey],
    ['EdDSA', ed.privateKey],
  ] as const)('of %s are verified', ([alg, key]) => {
    expect(verifyToken(token(GOOD, { alg, key }), EXPECTED, NOW)).toMatchObject({ sub: 'ann' });
  });

  const forged = `${part({ alg: 'HS256' })}.${part(GOOD)}`;
  it.for([
    ['no token', 'malformed'],
    ['a.b.c', 'malformed'],
    [`${'a'.repeat(20_000)}.b.c`, 'malformed'],
    [`${part({ alg: 'none' })}.${part(GOOD)}.`, 'not signed by a known key'],
    [
      `${forged}.${createHmac('sha256', pem(rsa.publicKey)).update(forged).digest('base64url')}`,
      'not signed by a known key',
    ],
    [token(GOOD, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }), 'not signed by a known key'],
    [token(GOOD).replace(/\.[^.]+\./, `.${part({ ...GOOD, sub: 'eve' })}.`), 'not signed by a known key'],
    [token(GOOD, { header: { crit: ['x'] } }), 'of an unknown kind'],
    [token({ ...GOOD, iss: 'else' }), 'of another issuer'],
    [token({ ...GOOD, aud: ['else'] }), 'for another service'],
    [token({ ...GOOD, exp: NOW - 61 }), 'expired'],
    [token({ iss: 'issuer', aud: 'registry' }), 'expired'],
    [token({ ...GOOD, nbf: NOW + 61 }), 'not valid yet'],
  ] as const)('%# are refused: %s', ([text, why]) => {
    expect(verifyToken(text, EXPECTED, NOW)).toBe(why);
  });

  it('do not come with private keys', () => {
    const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => readPublicKeys(secret)).toThrow('private key');
    expect(() => readPublicKeys('nothing')).toThrow('no PEM block');
  });

  it('allow what their scopes say, and no mount from elsewhere', async () => {
    const { keys } = EXPECTED;
    const realm = 'https://auth.example/token';
    const url = await serving(
      tokenAccess({ keys, realm, service: 'registry', issuer: 'issuer', anonymousPull: false }),
    );
    const with_ = (...scopes: readonly string[]): Record<string, string> => {
      const access = scopes.map((scope) => {
        const [type, name, actions = ''] = scope.split(':');
        return { type, name, actions: actions.split(',') };
      });
      return { authorization: `Bearer ${token({ ...GOOD, exp: Date.now() / 1000 + 300, access })}` };
    };
    const bytes = Buffer.from('secret layer');
    const uploads = (name: string, query: string): string => `${url}/v2/${name}/blobs/uploads/?${query}`;
    const digest = digestOf(bytes);

    const nobody = await fetch(uploads('private', `digest=${digest}`), { method: 'POST', body: bytes });
    expect(nobody.headers.get('www-authenticate')).toBe(
      `Bearer realm="${realm}",service="registry",scope="repository:private:pull,push"`,
    );
    const pushed = await fetch(uploads('private', `digest=${digest}`), {
      method: 'POST',
      body: bytes,
      headers: with_('repository:private:pull,push'),
    });
    expect(pushed.status).toBe(201);

    const reader = with_('repository:private:pull');
    expect((await fetch(`${url}/v2/private/blobs/${digest}`, { headers: reader })).status).toBe(200);
    const denied = await fetch(`${url}/v2/private/blobs/${digest}`, { method: 'DELETE', headers: reader });
    expect(denied.status).toBe(401);
    expect(denied.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect((await fetch(`${url}/v2/_catalog`, { headers: reader })).status).toBe(401);
    expect((await fetch(`${url}/v2/_catalog`, { headers: with_('registry:catalog:*') })).status).toBe(200);

    const other = with_('repository:mine:pull,push');
    for (const query of [`mount=${digest}&from=private`, `mount=${digest}`])
      expect((await fetch(uploads('mine', query), { method: 'POST', headers: other })).status).toBe(202);
    const both = with_('repository:mine:pull,push', 'repository:private:pull');
    expect((await fetch(uploads('mine', `mount=${digest}`), { method: 'POST', headers: both })).status).toBe(201);
  });
});
