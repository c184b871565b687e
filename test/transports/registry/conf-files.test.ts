import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openImage } from '../../../src/transports/index.ts';
import { findCredentials } from '../../../src/transports/registry/auth/find-credentials.ts';
import { readRegistriesConf } from '../../../src/transports/registry/conf-files.ts';
import { parseRegistriesConf, withAlias } from '../../../src/transports/registry/registries-conf.ts';
import { copy } from '../../../src/ship/copy.ts';
import { faultRegistry } from '../../helpers/fault-registry.ts';
import { tempDir } from '../../helpers/temp.ts';
import { failure, sample } from '../sample.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A home with these files, and nothing else that is set. */
function home(files: Readonly<Record<string, string>>): { HOME: string; PATH: string } {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
    if (name.startsWith('bin/')) chmodSync(join(dir, name), 0o755);
  }
  return { HOME: dir, PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` };
}

const CONF = '.config/containers/registries.conf';

describe('aliases', () => {
  const aliases = new Map([
    ['fedora', 'registry.fedoraproject.org/fedora'],
    ['team/app', 'localhost:5000/team/app'],
    ['gone', ''],
  ]);
  it.for([
    ['fedora', 'registry.fedoraproject.org/fedora'],
    ['fedora:40', 'registry.fedoraproject.org/fedora:40'],
    [`fedora@sha256:${'a'.repeat(64)}`, `registry.fedoraproject.org/fedora@sha256:${'a'.repeat(64)}`],
    [`fedora:40@sha256:${'a'.repeat(64)}`, `registry.fedoraproject.org/fedora:40@sha256:${'a'.repeat(64)}`],
    ['team/app:1', 'localhost:5000/team/app:1'],
    ['docker.io/fedora', 'docker.io/fedora'],
    ['localhost:5000/fedora', 'localhost:5000/fedora'],
    ['fedora/minimal', 'fedora/minimal'],
    ['gone:1', 'gone:1'],
    ['node', 'node'],
  ] as const)('%s is %s', ([text, long]) => {
    expect(withAlias(text, aliases)).toBe(long);
  });

  it.for(['app', 'app/x', '"https://x/y"', 'x.org/UPPER', 'x.org', 'a b.org/x'])('refuses one for %s', (target) => {
    const text = `[aliases]\n"app" = ${JSON.stringify(target)}`;
    expect(() => parseRegistriesConf(text, 'a.conf')).toThrow(expect.objectContaining({ code: 'E_TOML' }));
  });

  it('come from all files, the later ones counting more, and from what podman has noted', async () => {
    const { HOME } = home({
      [CONF]: '[aliases]\n"a" = "one.example/a"\n"b" = "one.example/b"\n"c" = "one.example/c"\n"d" = "one.example/d"',
      [`${CONF}.d/000-shortnames.conf`]: '[aliases]\n"b" = "two.example/b"\n"c" = "two.example/c"\n"d" = ""',
      [`${CONF}.d/other.txt`]: '[aliases]\n"a" = "none.example/a"',
      '.cache/containers/short-name-aliases.conf': '[aliases]\n"c" = "three.example/c"',
    });
    const { aliases: found } = await readRegistriesConf({ HOME });
    expect(['a:1', 'b:1', 'c:1', 'd:1'].map((name) => withAlias(name, found))).toEqual([
      'one.example/a:1',
      'two.example/b:1',
      'three.example/c:1',
      'd:1',
    ]);
  });

  it('say what is pulled, and not where a push goes', async () => {
    const registry = await faultRegistry();
    const { tools } = await sample();
    await copy({ source: 'sample:1', target: `docker://${registry.host}/team/app:1`, ...tools });
    const { HOME } = home({ [CONF]: `[aliases]\n"short" = "${registry.host}/team/app"` });
    for (const [name, value] of Object.entries({ HOME, XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '' }))
      vi.stubEnv(name, value);
    const image = await openImage('docker://short:1', tools);
    expect(image.reference).toBe(`docker://${registry.host}/team/app:1`);
  });
});

describe('credential-helpers', () => {
  const signal = new AbortController().signal;
  const helper = (user: string): string => `#!/bin/sh\necho '{"Username":"${user}","Secret":"x"}'\n`;
  const none = "#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n";
  const auths = { '.docker/config.json': JSON.stringify({ auths: { 'r.io': { auth: 'ZmlsZTp4' } } }) };

  it.for([
    { what: 'the files alone where nothing is said', conf: '', gives: 'file' },
    { what: 'a helper before the files', conf: '["first", "containers-auth.json"]', gives: 'first' },
    { what: 'the files before a helper', conf: '["containers-auth.json", "first"]', gives: 'file' },
    { what: 'the next one of those that have none', conf: '["empty", "second"]', gives: 'second' },
    { what: 'no files where they are not in the list', conf: '["empty"]', gives: undefined },
  ])('are asked in their order: $what', async ({ conf, gives }) => {
    const env = home({
      ...auths,
      [CONF]: conf === '' ? '' : `credential-helpers = ${conf}`,
      'bin/docker-credential-first': helper('first'),
      'bin/docker-credential-second': helper('second'),
      'bin/docker-credential-empty': none,
    });
    const { credentialHelpers: helpers } = await readRegistriesConf(env);
    const found = await findCredentials('r.io', 'a', { env, authFile: undefined, signal, helpers });
    expect(found === undefined ? undefined : 'username' in found && found.username).toBe(gives);
  });

  it('that cannot be used are named', async () => {
    const env = home(auths);
    const sources = { env, authFile: undefined, signal, helpers: ['../../bin/sh'] };
    expect(await failure(findCredentials('r.io', 'a', sources))).toMatchObject({ code: 'E_CREDENTIALS' });
  });
});
