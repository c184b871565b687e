import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicName } from '../../src/verify/public-name.ts';

describe('the name that anybody may read', () => {
  it.each([
    ['http GET 8080/', 'http GET 8080/'],
    ['http GET 8080/search?q=me%20and+you&page=2', 'http GET 8080/search?q=…&page=…'],
    ['http GET 8080/search?all', 'http GET 8080/search?…'],
    ['http GET 8080/a?x=1?y=2=3&', 'http GET 8080/a?x=…&…'],
    ['http GET 8080/a?x=a b c#d', 'http GET 8080/a?x=…'],
    ['GET /search?q=secret words', 'GET /search?q=… words'],
    ['tcp 5432', 'tcp 5432'],
    ['starts', 'starts'],
    ['login works: https://me:pa@ss@host/x?code=1&y works?', 'login works: https://…@host/x?code=…&… works?'],
    ['exec node migrate.js --token=abc', 'exec node migrate.js --token=…'],
    ['exec node migrate.js --api-key abc --dry-run', 'exec node migrate.js --api-key … --dry-run'],
    ['exec tool --token --verbose', 'exec tool --token --verbose'],
    ['exec tool --password', 'exec tool --password'],
    [
      'exec env DB_PASSWORD=abc AWS_SECRET_ACCESS_KEY="a b" tool',
      'exec env DB_PASSWORD=… AWS_SECRET_ACCESS_KEY=… tool',
    ],
    ["command sh -c export PASS='x'; passphrase='a;b' tool", 'command sh -c export PASS=…; passphrase=… tool'],
    ['run curl -H Authorization: Bearer abc.def/g= http://h/', 'run curl -H Authorization: … http://h/'],
    ['run curl -H "Authorization: Basic YTpi" http://h/', 'run curl -H "Authorization: …" http://h/'],
    ['run curl -u me:abc --user you:def http://h/', 'run curl -u me:… --user you:… http://h/'],
    ['run curl -d {"user":"me","password":"abc","n":1}', 'run curl -d {"user":"me","password":…,"n":1}'],
    ['exec psql postgres://me:abc@db/x?sslkey=abc', 'exec psql postgres://…@db/x?sslkey=…'],
    ['http GET 8080/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'http GET 8080/reset/…'],
    ['exec gh auth ghp_0123456789abcdefghijABCDEFGHIJ012345', 'exec gh auth …'],
    ['exec ls a?b /src/*.ts', 'exec ls a?b /src/*.ts'],
    ['two\nlines\u001b[0m', 'two lines [0m'],
    [`exec sh -c ${'x'.repeat(2000)}`, `exec sh -c ${'x'.repeat(500)}…`],
  ])('%j', (name, shown) => {
    expect(publicName(name)).toBe(shown);
    expect(publicName(shown)).toBe(shown);
  });

  it('never shows the value', () => {
    const value = fc.stringMatching(/^Z[A-Za-z0-9_.+/%-]{3,30}$/);
    const form = fc.constantFrom<(value: string) => string>(
      (v) => `http GET 80/x?a=${v}&b=${v}`,
      (v) => `http GET 80/x?${v}`,
      (v) => `exec x --token=${v} y`,
      (v) => `exec x --client-secret ${v}`,
      (v) => `run API_KEY=${v} npm test`,
      (v) => `GET https://u:${v.replaceAll('/', '')}@h/`,
    );
    fc.assert(
      fc.property(value, form, (secret, make) => {
        expect(publicName(make(secret))).not.toContain(secret.replaceAll('/', ''));
      }),
    );
  });

  it('is soon found of any text', () => {
    for (const piece of ['token', 'a-', '?a=', '//', 'key=', '"', 'eyJaaaaaaaa.', ' --token '])
      expect(publicName(piece.repeat(200_000)).length).toBeLessThanOrEqual(512);
  });
});
