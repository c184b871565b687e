import { describe, expect, it } from 'vitest';
import { endpointsFor, isLoopback } from '../../../src/transports/registry/endpoints.ts';
import { parseRegistriesConf } from '../../../src/transports/registry/registries-conf.ts';

const CONF = `
unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io"
[[registry.mirror]]
location = "mirror.example:5000/hub"
insecure = true
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "old.example/team"
location = "new.example/old/team"

[[registry]]
location = "lax.example:5000"
insecure = true

[[registry]]
prefix = "bad.example"
blocked = true

[[registry]]
prefix = "*.wild.example"
location = "gathered.example"

[[registry]]
prefix = "pinned.example"
mirror-by-digest-only = true
[[registry.mirror]]
location = "near.example"
`;

describe('registries.conf', () => {
  const { rules } = parseRegistriesConf(CONF, 'test.conf');
  const ask = (name: string, wish?: 'tag' | 'digest', insecure: string[] = []): string[] => {
    const slash = name.indexOf('/');
    const options = { rules, insecure, wish };
    return endpointsFor(name.slice(0, slash), name.slice(slash + 1), options).map(
      (endpoint) => `${endpoint.host}/${endpoint.repository}${endpoint.insecure ? ' insecure' : ''}`,
    );
  };

  it.each<[string, 'tag' | 'digest' | undefined, string[]]>([
    ['docker.io/library/node', undefined, ['registry-1.docker.io/library/node']],
    [
      'docker.io/library/node',
      'tag',
      [
        'mirror.example:5000/hub/library/node insecure',
        'tags.example/library/node',
        'registry-1.docker.io/library/node',
      ],
    ],
    [
      'docker.io/library/node',
      'digest',
      [
        'mirror.example:5000/hub/library/node insecure',
        'digests.example/library/node',
        'registry-1.docker.io/library/node',
      ],
    ],
    ['old.example/team/app', 'tag', ['new.example/old/team/app']],
    ['old.example/teams/app', 'tag', ['old.example/teams/app']],
    ['lax.example:5000/x', 'tag', ['lax.example:5000/x insecure']],
    ['lax.example/x', 'tag', ['lax.example/x']],
    ['a.wild.example/x', 'tag', ['gathered.example/x']],
    ['wild.example/x', 'tag', ['wild.example/x']],
    ['pinned.example/x', 'tag', ['pinned.example/x']],
    ['pinned.example/x', 'digest', ['near.example/x', 'pinned.example/x']],
  ])('%s for %s', (name, wish, expected) => {
    expect(ask(name, wish)).toEqual(expected);
  });

  it('blocks, and says which setting does', () => {
    expect(() => ask('bad.example/x', 'tag')).toThrow(expect.objectContaining({ code: 'E_REGISTRY' }));
  });

  it('lets a flag make a host insecure, and no other', () => {
    expect(ask('plain.example/x', 'tag', ['plain.example'])).toEqual(['plain.example/x insecure']);
    expect(ask('plain.example:81/x', 'tag', ['plain.example'])).toEqual(['plain.example:81/x']);
  });

  it('takes the later of two rules for one prefix', () => {
    const { rules: twice } = parseRegistriesConf(
      '[[registry]]\nlocation="a.example"\nblocked=true\n[[registry]]\nlocation="a.example"\n',
      'x',
    );
    expect(endpointsFor('a.example', 'x', { rules: twice, insecure: [], wish: 'tag' })).toHaveLength(1);
  });

  it.each([
    ['[[registry', 'E_TOML'],
    ['[[registry]]\ninsecure = true', 'E_TOML'],
    ['[[registry]]\nlocation = "https://x"', 'E_TOML'],
    ['[[registry]]\nlocation = "x y"', 'E_TOML'],
    ['[[registry]]\nlocation = "x"\n[[registry.mirror]]\nlocation = "a b"', 'E_TOML'],
    ['[[registry]]\nlocation = "x"\n[[registry.mirror]]\nlocation = "a"\npull-from-mirror = "never"', 'E_TOML'],
  ])('refuses %j', (text, code) => {
    expect(() => parseRegistriesConf(text, 'test.conf')).toThrow(expect.objectContaining({ code }));
    expect(() => parseRegistriesConf(text, 'test.conf')).toThrow(/test\.conf/);
  });

  it.each(['', 'registries = 5', '[registries.search]\nregistries = ["x"]', 'registry = "x"'])('ignores %j', (text) => {
    expect(parseRegistriesConf(text, 'x').rules).toEqual([]);
  });
});

describe('isLoopback', () => {
  it.each<[string, boolean]>([
    ['localhost', true],
    ['localhost:5000', true],
    ['127.0.0.1:5000', true],
    ['127.1.2.3', true],
    ['[::1]:5000', true],
    ['app.localhost', true],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
    ['10.0.0.1', false],
    ['registry:5000', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
