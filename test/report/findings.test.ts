import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../src/explain/inspect.ts';
import { findingBlocks, findingFacts, worthALook } from '../../src/report/findings.ts';
import { createStyle } from '../../src/report/style.ts';

type Seen = Parameters<typeof findingFacts>[0];

const QUIET: Inspection['findings'] = {
  libc: [],
  go: [],
  packages: [],
  user: { text: '65532', uid: 65532, root: false },
  special: [],
  secrets: [],
  certificates: [],
  missing: [],
  age: { created: null, newest: null, base: null, parts: [] },
  counts: { runtimes: 0, go: 0, special: 0, secrets: 0, unsearched: 0, certificates: 0, missing: 0 },
};
const seen = (findings: Partial<Inspection['findings']>, rest: Partial<Seen> = {}): Seen => ({
  os: null,
  runtimes: [],
  findings: { ...QUIET, ...findings },
  ...rest,
});
const style = (width: number, terminal = true) => createStyle({ colour: false, width, terminal });
const factsOf = (image: Seen): Record<string, string> => Object.fromEntries(findingFacts(image));

describe('findingFacts', () => {
  it('says what is in the image, and nothing of what is not', () => {
    expect(Object.entries(factsOf(seen({}))).filter(([, value]) => value !== '')).toEqual([
      ['system', 'none'],
      ['user', '65532'],
      ['newest', 'unknown: no date in it says how old it is'],
    ]);
    const facts = factsOf(
      seen(
        {
          libc: [{ name: 'musl', version: '1.2.5', path: '/lib/ld-musl-x86_64.so.1' }],
          packages: [
            { manager: 'apk', count: 15, partial: 0 },
            { manager: 'npm', count: 3, partial: 1 },
          ],
          certificates: [
            { path: '/etc/one.pem', count: 1, notAfter: '2030-01-01T00:00:00Z' },
            { path: '/etc/all.pem', count: 140, notAfter: '2025-05-12T23:59:00Z' },
          ],
          age: {
            created: null,
            newest: { what: 'apk database', date: '2024-02-03T04:05:06Z' },
            base: { date: '2024-01-01T00:00:00Z', from: 'history of layer 0' },
            parts: [],
          },
          counts: { ...QUIET.counts, certificates: 2 },
        },
        {
          os: { id: 'alpine', name: 'Alpine Linux', version: '3.20.3' },
        },
      ),
    );
    expect(facts).toMatchObject({
      system: 'alpine 3.20.3, musl 1.2.5',
      packages: '15 of apk, 3 of npm (1 in part)',
      certs: '2 files, 140 in /etc/all.pem of which the first ends 2025-05-12',
      'base of': '2024-01-01 (history of layer 0)',
      newest: '2024-02-03 (apk database)',
    });
  });

  it.each([
    [{ text: '', uid: 0, root: true }, 'root'],
    [{ text: 'app', uid: 1000, root: false }, 'app (1000)'],
    [{ text: 'toor', uid: 0, root: true }, 'toor (0, which is root)'],
    [{ text: '0:0', uid: 0, root: true }, '0:0'],
    [{ text: 'ghost', uid: null, root: false }, 'ghost, who is not in /etc/passwd'],
  ])('%j is the user %s', (user, text) => {
    expect(factsOf(seen({ user }))['user']).toBe(text);
  });
});

describe('findingBlocks', () => {
  it('lists run times by release, the modules that Go built, and dates of all but layers', () => {
    const build = { path: '/bin/app', go: '1.22.5', main: 'example.org/app', settings: {} };
    const blocks = findingBlocks(
      seen(
        {
          go: [
            { ...build, module: 'example.org/app', version: 'v1.2.3', dependencies: [{ path: 'x', version: 'v1' }] },
            { ...build, path: '/usr/lib/go/bin/go', module: '', version: null, dependencies: [] },
          ],
          age: {
            ...QUIET.age,
            parts: [
              { name: 'files of layer 0', date: '2024-01-01T00:00:00Z' },
              { name: 'dpkg database', date: '2024-01-02T00:00:00Z' },
            ],
          },
        },
        {
          runtimes: [
            { name: 'go', version: '1.22.5', path: '/a' },
            { name: 'go', version: '1.22.5', path: '/b' },
            { name: 'java', version: null, path: '/opt/java/lib/server/libjvm.so' },
          ],
        },
      ),
    );
    expect(blocks).toEqual([
      ['run times', ['go 1.22.5  /a and 1 more', 'java       /opt/java/lib/server/libjvm.so']],
      ['built by go', ['/bin/app  example.org/app v1.2.3, go 1.22.5, 1 dependency']],
      ['dates', ['2024-01-02  dpkg database']],
    ]);
  });
});

const MUCH: Partial<Inspection['findings']> = {
  user: { text: '', uid: 0, root: true },
  special: ['chfn', 'chsh', 'mount', 'passwd', 'su'].map((name) => ({
    path: `/usr/bin/${name}`,
    mode: '4755',
    kinds: ['setuid'],
  })),
  secrets: [
    { path: '/app/.npmrc', kind: 'npm token', line: 2, layer: 3, hidden: true },
    { path: 'config.Env API_TOKEN', kind: 'secret in a variable' },
    ...Array.from({ length: 12 }, (_, at) => ({
      path: `/app/${at}.pem`,
      kind: 'private key (PEM)',
      line: 1,
      layer: 4,
    })),
  ],
  missing: [
    { path: '/app/tool', library: 'libfoo.so.1', symbol: '' },
    { path: '/app/tool', library: 'libc.so.6', symbol: 'GLIBC_2.38' },
  ],
  counts: { ...QUIET.counts, special: 5, secrets: 14, missing: 2 },
};

describe('worthALook', () => {
  it('is silent where there is nothing', () => {
    expect(worthALook(seen({}), style(80))).toEqual([]);
  });

  it('names what is risky, the most of it', () => {
    const lines = worthALook(seen(MUCH), style(200, false));
    expect(lines.slice(0, 5)).toEqual([
      '',
      '  worth a look',
      '    root     no user is set: it runs as root',
      '    secret   /app/.npmrc:2: npm token (layer 3, a later one hides it)',
      '    secret   config.Env API_TOKEN: secret in a variable',
    ]);
    expect(lines.slice(-4)).toEqual([
      '    secret   … and 4 more, see --json',
      '    missing  /app/tool needs libfoo.so.1, which is not there',
      '    missing  /app/tool needs GLIBC_2.38, libc.so.6 has none',
      '    setuid   5 paths: /usr/bin/chfn, /usr/bin/chsh, /usr/bin/mount, /usr/bin/passwd, …',
    ]);
  });

  it.each([80, 120])('fits into a terminal of %i columns', (columns) => {
    for (const line of worthALook(seen(MUCH), style(columns)).join('\n').split('\n'))
      expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  it('lets no file name command the terminal', () => {
    const special = [{ path: '/\u001b[2J', mode: '4755', kinds: ['setuid' as const] }];
    expect(worthALook(seen({ special }), style(80)).join('\n')).toContain('/\\x1b[2J');
  });
});
