import { describe, expect, it } from 'vitest';
import { RULES } from '../../../src/explain/check/rules/index.ts';
import type { Secret } from '../../../src/explain/findings/types.ts';
import type { CheckReport, Facts } from '../../../src/explain/check/types.ts';
import { ask, dpkg, npm, type Asked } from './ask.ts';

const HISTORY = [
  { created_by: 'FROM scratch', created: '2026-01-01T00:00:00Z' },
  { created_by: 'RUN /bin/sh -c npm ci # buildkit', created: '2026-06-01T00:00:00Z' },
];

/** A base with two packages and a setuid program; an application that brings one, a shell, and overwrites a file. */
const IMAGE: Asked = {
  layers: [
    [
      ...dpkg([
        { name: 'libc6', version: '2.36-9', bytes: 3000 },
        { name: 'libssl-dev', version: '3.0.11-1~deb12u2', bytes: 2000 },
      ]),
      { path: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' },
      { path: 'usr/bin/su', mode: 0o4755, content: 'su' },
      { path: 'usr/share/old', content: 'x'.repeat(1000) },
    ],
    [
      ...npm('left-pad', '1.3.0', 5000),
      { path: 'bin/' },
      { path: 'bin/dash', mode: 0o755, content: 'shell' },
      { path: 'bin/sh', type: 'symlink', link: 'dash' },
      { path: 'usr/share/old', content: 'y' },
    ],
  ],
  config: {
    created: '2026-06-01T00:00:00Z',
    config: { User: 'app', Labels: { vendor: 'ACME', empty: '' }, Env: ['PATH=/bin:/usr/bin'] },
    history: HISTORY,
  },
};
const NPM = { package: 'npm left-pad 1.3.0', layer: 1, instruction: 'RUN npm ci' };

const result = (report: CheckReport, rule: string): CheckReport['results'][number] => {
  const found = report.results.find((each) => each.rule === rule);
  if (found === undefined) throw new Error(`no ${rule} among ${report.results.map((each) => each.rule).join(', ')}`);
  return found;
};
const withUser = (User: string): Asked => ({ ...IMAGE, config: { ...IMAGE.config, config: { User } } });
const NOW = Date.UTC(2026, 1, 1);

describe('what cannot be judged', () => {
  const plain = (entries: Asked['layers'][number], config: Asked['config'] = {}): Asked => ({
    layers: [entries],
    config,
  });
  const many = (count: number, mode: number) =>
    Array.from({ length: count }, (_, at) => ({ path: `app/${String(at).padStart(5, '0')}`, content: 'x', mode }));

  it('is no setuid program among thousands of files that all may write to', async () => {
    const files = many(1100, 0o666);
    expect(result(await ask('{no-setuid: true}', plain(files)), 'no-setuid')).toMatchObject({ ok: true, actual: 0 });
    const last = { path: 'usr/bin/su', content: 'x', mode: 0o4755 };
    expect(result(await ask('{no-setuid: true}', plain([...files, last])), 'no-setuid')).toMatchObject({
      ok: false,
      path: '/usr/bin/su',
    });
    const allowed = await ask('{no-setuid: {allow: [/app/*]}}', plain(many(1001, 0o4755)));
    expect(result(allowed, 'no-setuid').ok).toBe(false);
  });

  it('fails when there are more files than are searched for secrets', async () => {
    const found = result(await ask('{no-secrets: true}', plain(many(10_001, 0o644))), 'no-secrets');
    expect(found).toMatchObject({ ok: false, message: '1 file was not searched: there are too many' });
    expect(result(await ask('{no-secrets: true}', plain(many(10_000, 0o644))), 'no-secrets').ok).toBe(true);
  }, 30_000);

  it('fails for a version that nobody can compare', async () => {
    const apk = plain([
      { path: 'lib/apk/db/installed', content: 'P:openssl\nV:not a version\n\nP:zlib\nV:1.2.3-r0\n\n' },
    ]);
    for (const pattern of ['openssl < 3.0', 'openssl > 3.0', 'zlib < abc']) {
      const rules = (kind: string): string => `{packages: {${kind}: ["${pattern}"]}}`;
      expect(result(await ask(rules('forbid'), apk), 'packages.forbid').ok).toBe(false);
      expect(result(await ask(rules('require'), apk), 'packages.require').ok).toBe(false);
    }
  });

  it('fails for growth against the image of another platform', async () => {
    const [small, large] = [10, 1000].map((bytes) => [{ path: 'a', content: 'x'.repeat(bytes) }]);
    const against = async (config: Asked['config']) =>
      ask('{growth: 1MB}', plain(small ?? []), { base: plain(large ?? [], config) });
    expect(result(await against({ architecture: 'arm64' }), 'growth.disk')).toMatchObject({
      ok: false,
      message: 'base:1 is for linux/arm64: growth against it says nothing',
    });
    expect((await against({ variant: 'v2' })).ok).toBe(true);
  });

  it('is root whom a run time would take for root', async () => {
    const passwd = [{ path: 'etc/passwd', content: 'root:x:0:0::/:/\n  app:x:0:0::/:/\napp:x:1000:1000::/:/\n' }];
    expect(result(await ask('{user: non-root}', plain(passwd, { config: { User: 'app' } })), 'user').ok).toBe(false);
  });
});

describe('rules', () => {
  it.each<readonly [rule: string, passes: string, fails: string]>([
    ['disk', '{disk: 13kB}', '{disk: 10kB}'],
    ['wire', '{wire: 1MB}', '{wire: 100}'],
    ['layers', '{layers: 2}', '{layers: 1}'],
    ['files', '{files: 100}', '{files: 3}'],
    ['efficiency', '{efficiency: 80%}', '{efficiency: 0.99}'],
    ['wasted', '{wasted: 1000}', '{wasted: 999}'],
    ['wasted', '{wasted: 20%}', '{wasted: 1%}'],
    ['user', '{user: non-root}', '{user: root}'],
    ['user', '{user: app}', '{user: "1001"}'],
    ['user', '{user: 1000}', '{user: nobody}'],
    ['no-setuid', '{no-setuid: {allow: [/usr/bin/*]}}', '{no-setuid: true}'],
    ['no-shell', '{no-shell: {allow: [/bin/*]}}', '{no-shell: true}'],
    ['no-shell', '{no-shell: {allow: [/**]}}', '{no-shell: {allow: [/bin/sh]}}'],
    ['max-age', '{max-age: 31d}', '{max-age: 30d}'],
    ['packages.forbid', '{packages: {forbid: [curl]}}', '{packages: {forbid: ["*-dev"]}}'],
    ['packages.forbid', '{packages: {forbid: [libc6 < 2.36]}}', '{packages: {forbid: ["dpkg:libc6 < 2.36-10"]}}'],
    ['packages.forbid', '{packages: {forbid: ["npm:libc6"]}}', '{packages: {forbid: ["npm:left-pad <= 1.3.0"]}}'],
    ['packages.require', '{packages: {require: [libc6 >= 2.36]}}', '{packages: {require: [libc6 > 2.37]}}'],
    ['packages.require', '{packages: {require: [left-*]}}', '{packages: {require: [curl]}}'],
    ['labels.require', '{labels: {require: [vendor]}}', '{labels: {require: [empty]}}'],
    ['labels.require', '{labels: {require: [vendor=AC*]}}', '{labels: {require: [vendor=other]}}'],
  ])('%s: %s passes, %s fails', async (rule, passes, fails) => {
    const good = await ask(passes, IMAGE, { now: NOW });
    expect(result(good, rule)).toMatchObject({ ok: true, evidence: [] });
    expect(good).toMatchObject({ ok: true, counts: { passed: 1, failed: 0, skipped: 0 } });
    const bad = await ask(fails, IMAGE, { now: NOW });
    expect(result(bad, rule).ok).toBe(false);
    expect(bad).toMatchObject({ ok: false, counts: { passed: 0, failed: 1 } });
  });

  it('no-secrets: tells places and kinds', () => {
    const facts = (secrets: readonly Secret[], all = secrets.length): Facts =>
      ({
        findings: { secrets, counts: { secrets: all, unsearched: 0 } },
        dissection: { layers: [{ createdBy: 'COPY . /' }] },
        ownerOf: () => undefined,
        layerOf: () => undefined,
      }) as unknown as Facts; // what this rule looks at, and no more
    const rule = RULES.find(({ id }) => id === 'no-secrets');
    const ask = (allow: readonly string[], of: Facts): unknown => rule?.ask({ noSecrets: { allow } })?.check(of);
    const key: Secret = { path: '/root/.ssh/id_rsa', kind: 'private key (PEM)', line: 1, layer: 0, hidden: true };
    expect(ask([], facts([]))).toMatchObject({ ok: true });
    expect(ask([], facts([key]))).toMatchObject({
      ok: false,
      actual: 1,
      evidence: [
        {
          path: key.path,
          line: 1,
          layer: 0,
          instruction: 'COPY . /',
          note: 'private key (PEM), deleted later and shipped all the same',
        },
      ],
    });
    expect(ask(['/root/**'], facts([key]))).toMatchObject({ ok: true, message: 'none but 1 that is allowed' });
    // More than were looked at: they may be anywhere.
    expect(ask(['/root/**'], facts([key], 2))).toMatchObject({ ok: false });
  });

  it('no-secrets: looks into every layer', async () => {
    const lines = Array.from(
      { length: 20 },
      (_, at) => 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.slice(at) + 'Zx8Qk2'.repeat(6),
    ).join('\n');
    const key = {
      path: 'srv/server.key',
      content: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    };
    const report = await ask('{no-secrets: true}', {
      layers: [[key], [{ path: 'srv/.wh.server.key' }]],
      config: { history: HISTORY },
    });
    expect(result(report, 'no-secrets')).toMatchObject({
      ok: false,
      path: '/srv/server.key',
      layer: 0,
      instruction: 'FROM scratch',
    });
    expect(JSON.stringify(report)).not.toContain('MIIE');
    expect((await ask('{no-secrets: true}', IMAGE)).ok).toBe(true);
  });

  it('has a test for each of them', () => {
    const tested =
      'disk wire layers files growth.disk growth.wire efficiency wasted user no-setuid no-secrets no-shell max-age packages.forbid packages.require labels.require';
    expect(RULES.map(({ id }) => id)).toEqual(tested.split(' '));
  });

  it.each([
    ['', false],
    ['root', false],
    ['0', false],
    ['0:1000', false],
    ['app', true],
    ['1000:1000', true],
    ['65532', true],
    ['stranger', false],
  ])('user %j is not root: %s', async (user, ok) => {
    expect(result(await ask('{user: non-root}', withUser(user)), 'user').ok).toBe(ok);
  });

  it('says what nothing tells the age of', async () => {
    const plain = { layers: IMAGE.layers, config: {} };
    expect(result(await ask('{max-age: 90d}', plain, { now: NOW }), 'max-age')).toMatchObject({
      ok: false,
      actual: 'unknown',
    });
  });
});

describe('attribution', () => {
  it('of a size: the packages and folders that hold the most, and who brought them', async () => {
    const disk = result(await ask('{disk: 1}', IMAGE), 'disk');
    expect(disk).toMatchObject({ ...NPM, unit: 'bytes', limit: 1 });
    expect(disk.evidence[1]).toEqual({
      package: 'dpkg libc6 2.36-9',
      bytes: 3000,
      layer: 0,
      instruction: 'FROM scratch',
    });
    expect(disk.evidence.map(({ path }) => path)).toContain('/usr/share');
    const all = disk.evidence.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
    expect(all).toBe(disk.actual);
  });

  it('of a growth: what is new, with versions', async () => {
    const base: Asked = {
      layers: [
        [
          ...dpkg([
            { name: 'libc6', version: '2.35', bytes: 2900 },
            { name: 'gone', version: '1', bytes: 9000 },
          ]),
          { path: 'opt/data/a', content: 'a'.repeat(10) },
        ],
      ],
    };
    const report = await ask(
      '{growth: {disk: 0, wire: 1}}',
      {
        ...IMAGE,
        layers: [...IMAGE.layers, [{ path: 'opt/data/a', content: 'a'.repeat(4000) }]],
        config: { ...IMAGE.config, history: [...HISTORY, { created_by: 'COPY a /opt/data # buildkit' }] },
      },
      { base },
    );
    expect(report.base?.reference).toBe('base:1');
    const disk = result(report, 'growth.disk');
    expect(disk.message).toContain('larger on disk');
    expect(disk.evidence.slice(0, 3)).toEqual([
      {
        package: 'npm left-pad',
        bytes: expect.any(Number) as number,
        delta: expect.any(Number) as number,
        note: 'new: 1.3.0',
        layer: 1,
        instruction: 'RUN npm ci',
      },
      { path: '/opt/data', delta: 3990, layer: 2, instruction: 'COPY a /opt/data' },
      {
        package: 'dpkg libssl-dev',
        bytes: 2000,
        delta: 2000,
        note: 'new: 3.0.11-1~deb12u2',
        layer: 0,
        instruction: 'FROM scratch',
      },
    ]);
    expect(disk.evidence.find((each) => each.package === 'dpkg libc6')).toMatchObject({
      delta: 100,
      note: '2.35 → 2.36-9',
    });
    expect(disk.evidence.some((each) => each.package === 'dpkg gone')).toBe(false);
    expect(new Set(result(report, 'growth.wire').evidence.map(({ layer }) => layer))).toEqual(new Set([0, 1, 2]));
  });

  it.each([
    ['{growth: 10%}', 10_900, true],
    ['{growth: 10%}', 11_500, false],
    ['{growth: {disk: +1kB}}', 11_000, true],
    ['{growth: {disk: 1kB}}', 11_001, false],
    ['{growth: {disk: 0}}', 9000, true],
  ])('%s lets 10000 bytes become %d: %s', async (rules, bytes, ok) => {
    const of = (size: number): Asked => ({ layers: [[{ path: 'a', content: 'a'.repeat(size) }]] });
    expect(result(await ask(rules, of(bytes), { base: of(10_000) }), 'growth.disk').ok).toBe(ok);
  });

  it('of waste: the paths of which copies are shipped', async () => {
    expect(result(await ask('{wasted: 1}', IMAGE), 'wasted')).toMatchObject({
      path: '/usr/share/old',
      layer: 0,
      actual: 1000,
      evidence: [{ bytes: 1000, note: '2 copies, seen of layer 1' }],
    });
  });

  it('of programs that give rights, and of shells: whose they are', async () => {
    expect(result(await ask('{no-setuid: true}', IMAGE), 'no-setuid').evidence).toEqual([
      { path: '/usr/bin/su', note: 'setuid, mode 4755', layer: 0, instruction: 'FROM scratch' },
    ]);
    expect(result(await ask('{no-shell: true}', IMAGE), 'no-shell').evidence).toEqual([
      { path: '/bin/dash', bytes: 5, layer: 1, instruction: 'RUN npm ci' },
      { path: '/bin/sh', bytes: 5, layer: 1, instruction: 'RUN npm ci', note: 'leads to /bin/dash' },
    ]);
  });
});

describe('what cannot be checked', () => {
  it('has the cure in numbers when there is no rule', async () => {
    const error = await ask({}, IMAGE).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_USAGE' });
    expect((error as { hint: string }).hint).toMatch(/check:\n {2}disk: 12kB\n/);
  });

  it('wants to know against what', async () => {
    await expect(ask('{growth: 3%}', IMAGE)).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringContaining('--against') as string,
    });
  });
});
