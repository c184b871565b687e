import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { derivedName, parseImageName, parseReference } from '../../src/oci/reference.ts';

const HEX = 'a1'.repeat(32);
const DIGEST = `sha256:${HEX}`;

describe('parseReference', () => {
  it.each([
    ['node', { registry: 'docker.io', repository: 'library/node', tag: 'latest' }],
    ['node:20-slim', { registry: 'docker.io', repository: 'library/node', tag: '20-slim' }],
    ['docker.io/node', { registry: 'docker.io', repository: 'library/node', tag: 'latest' }],
    ['index.docker.io/node', { registry: 'docker.io', repository: 'library/node', tag: 'latest' }],
    ['team/app', { registry: 'docker.io', repository: 'team/app', tag: 'latest' }],
    ['localhost/app', { registry: 'localhost', repository: 'app', tag: 'latest' }],
    ['localhost:5000/x', { registry: 'localhost:5000', repository: 'x', tag: 'latest' }],
    ['localhost:5000/x:5000', { registry: 'localhost:5000', repository: 'x', tag: '5000' }],
    ['x:5000', { registry: 'docker.io', repository: 'library/x', tag: '5000' }],
    ['ghcr.io/a/b/c:v1_2.3', { registry: 'ghcr.io', repository: 'a/b/c', tag: 'v1_2.3' }],
    ['[::1]:5000/x', { registry: '[::1]:5000', repository: 'x', tag: 'latest' }],
    ['[2001:db8::1]/x', { registry: '[2001:db8::1]', repository: 'x', tag: 'latest' }],
    ['HOST/x', { registry: 'HOST', repository: 'x', tag: 'latest' }],
    [`node@${DIGEST}`, { registry: 'docker.io', repository: 'library/node', digest: DIGEST }],
    [`a.b/c:t@${DIGEST}`, { registry: 'a.b', repository: 'c', tag: 't', digest: DIGEST }],
    ['a__b/c-_d'.replace('-_', '--'), { registry: 'docker.io', repository: 'a__b/c--d', tag: 'latest' }],
    ['x:_t', { registry: 'docker.io', repository: 'library/x', tag: '_t' }],
    [`x:${'t'.repeat(128)}`, { registry: 'docker.io', repository: 'library/x', tag: 't'.repeat(128) }],
    [`a/${'b'.repeat(253)}`, { registry: 'docker.io', repository: `a/${'b'.repeat(253)}`, tag: 'latest' }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    ['', 'empty'],
    ['Node', 'lower case'],
    ['docker.io/Team/app', 'lower case'],
    ['a//b', 'each part'],
    ['/a', 'each part'],
    ['a/', 'each part'],
    ['a..b', 'each part'],
    ['-a', 'each part'],
    ['a_', 'each part'],
    ['a___b', 'each part'],
    ['x:', 'tag'],
    ['x:.t', 'tag'],
    ['x:-t', 'tag'],
    ['x:t t', 'tag'],
    [`x:${'t'.repeat(129)}`, 'tag'],
    ['x@sha256:abc', '@'],
    [`x@sha256:${HEX.toUpperCase()}`, '@'],
    [`x@md5:${HEX}`, '@'],
    [`x@${DIGEST}@${DIGEST}`, '@'],
    [HEX, '64 hex digits'],
    [DIGEST, 'digest without a name'],
    ['a.b:port/x', 'host'],
    ['-a.b/x', 'host'],
    ['docker://node', 'host'],
    ['https://a.b/x', 'host'],
    ['x\n', 'each part'],
    ['x:latest\n', 'tag'],
    ['é', 'each part'],
    [`a/${'b'.repeat(254)}`, '255'],
    ['a'.repeat(2000), '1024'],
  ])('refuses %j', (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'E_REFERENCE', message: expect.stringContaining(why) }),
    );
  });
});

describe('parseImageName', () => {
  it.each([
    ['node-status', 'node-status:latest'],
    ['node-status:1.2', 'node-status:1.2'],
    ['scope/app', 'scope/app:latest'],
    ['localhost:5000/scope/app', 'localhost:5000/scope/app:latest'],
    ['docker.io/library/node:20', 'docker.io/library/node:20'],
  ])('%s is %s', (text, expected) => {
    expect(parseImageName(text)).toBe(expected);
    expect(parseImageName(expected)).toBe(expected);
  });

  it.each(['', 'App', 'a b', 'a:b:c', `a@${DIGEST}`, DIGEST, HEX, '../x', 'oci:/tmp/x', 'x:'])('refuses %j', (text) => {
    expect(() => parseImageName(text)).toThrow(expect.objectContaining({ code: 'E_REFERENCE' }));
  });
});

const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const component = fc
  .tuple(alphanumeric, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), alphanumeric), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.map(([separator, word]) => separator + word).join(''));
const repository = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const registry = fc
  .tuple(fc.stringMatching(/^[a-z]([a-z0-9-]{0,5}[a-z0-9])?\.[a-z]{2,4}$/), fc.option(fc.nat({ max: 65535 })))
  .map(([host, port]) => (port === null ? host : `${host}:${port}`));
const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);

describe('properties', () => {
  it('every well-formed reference is read back into its parts', () => {
    fc.assert(
      fc.property(registry, repository, fc.option(tag), fc.option(digest), (host, name, tag, digest) => {
        fc.pre(host !== 'docker.io' && host !== 'index.docker.io');
        const text = `${host}/${name}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
        expect(parseReference(text)).toEqual({
          registry: host,
          repository: name,
          ...(tag === null ? (digest === null ? { tag: 'latest' } : {}) : { tag }),
          ...(digest === null ? {} : { digest }),
        });
      }),
    );
  });

  it('any text is read or refused with E_REFERENCE, and names are normalised once', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', 'B', '0', '.', '_', '-', '/', ':', '@', '[', ']', '\n'), maxLength: 30 }),
    );
    fc.assert(
      fc.property(text, (text) => {
        for (const parse of [parseReference, parseImageName]) {
          try {
            parse(text);
          } catch (error) {
            expect(isTareError(error, 'E_REFERENCE')).toBe(true);
            continue;
          }
          if (parse === parseImageName) expect(parseImageName(parseImageName(text))).toBe(parseImageName(text));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('derivedName', () => {
  it.each([
    ['app:latest', 'app:full'],
    ['app:1.0', 'app:1.0-full'],
    ['localhost:5000/app:latest', 'localhost:5000/app:full'],
    ['localhost:5000/app', 'localhost:5000/app:full'],
    [`app:${'x'.repeat(128)}`, `app:${'x'.repeat(123)}-full`],
  ])('%s → %s', (name, expected) => {
    expect(derivedName(name, 'full')).toBe(expected);
    expect(parseImageName(derivedName(name, 'full'))).toBe(expected);
  });
});
