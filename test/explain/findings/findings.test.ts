import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/formats/elf/index.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { needs } from '../../helpers/needs.ts';
import { findingsIn } from './made.ts';

const file = (path: string, content: string | Uint8Array = '', mode = 0o644) => ({ path, content, mode });
const program = (path: string, recipe: Parameters<typeof buildElf>[0]) =>
  file(path, buildElf({ type: 2, ...recipe }), 0o755);
const NONE = { type: 'layers' as const, diff_ids: [] };

describe('the distribution', () => {
  it.each([
    ['alpine', 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\n', undefined, ['Alpine Linux', '3.20.3']],
    ['debian', 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n', '12.5\n', ['Debian GNU/Linux', '12.5']],
    ['debian', 'ID=debian\nVERSION_ID="12"\n', '', ['debian', '12']],
    ['wolfi', "ID='wolfi'\n", undefined, ['wolfi', null]],
  ])('%s', async (id, release, exact, [name, version]) => {
    const { os } = await findingsIn([
      [
        file('usr/lib/os-release', release),
        { path: 'etc/os-release', type: 'symlink', link: '../usr/lib/os-release' },
        ...(exact === undefined ? [] : [file('etc/debian_version', exact)]),
      ],
    ]);
    expect(os).toEqual({ id, name, version });
  });

  it('is none without os-release', async () => {
    expect((await findingsIn([[file('app')]])).os).toBeNull();
  });
});

describe('the user', () => {
  const PASSWD =
    'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n7:x:8:8::/:\nbad:x:nan:0::/:\n';
  it.each([
    [undefined, { text: '', uid: 0, root: true }],
    ['', { text: '', uid: 0, root: true }],
    ['root', { text: 'root', uid: 0, root: true }],
    ['toor', { text: 'toor', uid: 0, root: true }],
    ['0:65532', { text: '0:65532', uid: 0, root: true }],
    ['app:app', { text: 'app:app', uid: 1000, root: false }],
    ['65532', { text: '65532', uid: 65532, root: false }],
    ['7', { text: '7', uid: 8, root: false }],
    ['ghost', { text: 'ghost', uid: null, root: false }],
    ['bad', { text: 'bad', uid: null, root: false }],
    ['99999999999', { text: '99999999999', uid: null, root: false }],
  ])('%s', async (User, expected) => {
    const config = { config: User === undefined ? {} : { User } };
    // The link leads inside the root, wherever it points to.
    const { user } = await findingsIn(
      [[file('data/passwd', PASSWD), { path: 'etc/passwd', type: 'symlink', link: '../../../data/passwd' }]],
      config,
    );
    expect(user).toEqual(expected);
  });

  it('is root by its name alone where there is no /etc/passwd', async () => {
    expect((await findingsIn([[file('app')]], { config: { User: 'root' } })).user.uid).toBe(0);
    expect((await findingsIn([[file('app')]], { config: { User: 'app' } })).user.uid).toBeNull();
  });
});

describe('special files', () => {
  it('are those that give or take more than usual', async () => {
    const { special, counts } = await findingsIn([
      [
        file('bin/su', 'x', 0o4755),
        file('bin/wall', 'x', 0o2755),
        file('bin/both', 'x', 0o6777),
        file('bin/locked', 'x', 0o2644),
        { ...file('bin/ping', 'x', 0o755), xattrs: new Map([['security.capability', Buffer.from([1, 0, 0, 2])]]) },
        file('etc/open', 'x', 0o666),
        file('etc/plain', 'x', 0o644),
        { path: 'tmp/', mode: 0o1777 },
        { path: 'open/', mode: 0o777 },
        { path: 'var/mail/', mode: 0o2775 },
        { path: 'link', type: 'symlink', link: 'bin/su', mode: 0o777 },
      ],
      // Replaced by one that is plain.
      [file('bin/wall', 'x', 0o755)],
    ]);
    expect(special).toEqual([
      { path: '/bin/both', mode: '6777', kinds: ['setuid', 'setgid', 'world-writable'] },
      { path: '/bin/ping', mode: '0755', kinds: ['capabilities'] },
      { path: '/bin/su', mode: '4755', kinds: ['setuid'] },
      { path: '/etc/open', mode: '0666', kinds: ['world-writable'] },
      { path: '/open', mode: '0777', kinds: ['world-writable'] },
    ]);
    expect(counts.special).toBe(5);
  });

  it('are cut to 1000, with the count of all', async () => {
    const many = Array.from({ length: 1005 }, (_, at) => file(`bin/${String(at).padStart(4, '0')}`, '', 0o4755));
    const { special, counts } = await findingsIn([many]);
    expect([special.length, counts.special, special.at(-1)?.path]).toEqual([1000, 1005, '/bin/0999']);
  });
});

describe('packages', () => {
  it('counts them by manager, and those of which a part is left out', async () => {
    const list = (name: string, paths: readonly string[]) =>
      file(`var/lib/dpkg/info/${name}.list`, `/.\n${paths.join('\n')}\n`);
    const stanza = (name: string) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;
    const { packages } = await findingsIn([
      [
        file('var/lib/dpkg/status', ['whole', 'docless', 'partial'].map(stanza).join('\n')),
        list('whole', ['/usr/bin/a']),
        list('docless', ['/usr/bin/b', '/usr/share/doc/b/copyright', '/var/cache/b']),
        list('partial', ['/usr/bin/a', '/usr/bin/gone']),
        file('usr/bin/a'),
        file('usr/bin/b'),
        file('app/node_modules/x/package.json', '{"name":"x","version":"1.0.0"}'),
      ],
    ]);
    expect(packages).toEqual([
      { manager: 'dpkg', count: 3, partial: 1 },
      { manager: 'npm', count: 1, partial: 0 },
    ]);
  });
});

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const GLIBC = [
  program('lib64/ld-linux-x86-64.so.2', {
    type: 3,
    soname: 'ld-linux-x86-64.so.2',
    verdef: ['ld-linux-x86-64.so.2', 'GLIBC_2.2.5'],
  }),
  program('lib/x86_64-linux-gnu/libc.so.6', {
    type: 3,
    soname: 'libc.so.6',
    verdef: ['libc.so.6', 'GLIBC_2.2.5', 'GLIBC_2.34'],
    constants: ['GNU C Library (Debian GLIBC 2.36-9+deb12u4) stable release version 2.36.\n'],
  }),
];

describe('C libraries', () => {
  it('are told with their versions, once each', async () => {
    const { libc } = await findingsIn([
      [
        ...GLIBC,
        { path: 'lib64/libc.so.6', type: 'symlink', link: '../lib/x86_64-linux-gnu/libc.so.6' },
        program('lib/ld-musl-x86_64.so.1', { type: 3, constants: ['', '1.2.5'] }),
        { path: 'lib/libc.musl-x86_64.so.1', type: 'symlink', link: 'ld-musl-x86_64.so.1' },
        file('usr/lib/x/libc.so.6', 'GNU C Library: no program at all, version 9.9', 0o755),
      ],
    ]);
    expect(libc).toEqual([
      { name: 'musl', version: '1.2.5', path: '/lib/ld-musl-x86_64.so.1' },
      { name: 'glibc', version: '2.36', path: '/lib/x86_64-linux-gnu/libc.so.6' },
    ]);
  });

  it.skipIf(!needs('ldd') || !existsSync('/usr/lib/x86_64-linux-gnu/libc.so.6'))(
    'agree with ldd --version',
    async () => {
      const { libc } = await findingsIn([
        [file('lib/libc.so.6', readFileSync('/usr/lib/x86_64-linux-gnu/libc.so.6'), 0o755)],
      ]);
      const told = execFileSync('ldd', ['--version'], { encoding: 'utf8' }).split('\n', 1)[0];
      expect(told?.endsWith(` ${libc[0]?.version}`)).toBe(true);
    },
  );
});

const MUSL = '/usr/lib/ld-musl-x86_64.so.1';
it.skipIf(!existsSync(MUSL))('the version of musl is what its loader says', async () => {
  const { libc } = await findingsIn([[file('lib/ld-musl-x86_64.so.1', readFileSync(MUSL), 0o755)]]);
  // It knows no flag for it, so it complains.
  const { stderr } = spawnSync(MUSL, [], { encoding: 'utf8' });
  expect(stderr).toContain(`Version ${libc[0]?.version}\n`);
});

describe('what is missing', () => {
  const app = (recipe: Parameters<typeof buildElf>[0]) => program('app/run', { interpreter: LOADER, ...recipe });

  it.each([
    ['nothing', app({ needed: ['libc.so.6'], verneed: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'] } }), []],
    ['a library', app({ needed: ['libc.so.6', 'libssl.so.3'] }), [['libssl.so.3', '']]],
    [
      'a version',
      app({ needed: ['libc.so.6'], verneed: { 'libc.so.6': ['GLIBC_2.34', 'GLIBC_2.38'] } }),
      [['libc.so.6', 'GLIBC_2.38']],
    ],
    [
      'the loader',
      app({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.so'] }),
      [['/lib/ld-musl-x86_64.so.1', '']],
    ],
    ['nothing: it is for another machine', app({ machine: 183, interpreter: '/lib/ld-linux-aarch64.so.1' }), []],
    ['nothing: it is static', program('app/run', {}), []],
    [
      'nothing: no loader of this image would load it',
      program('app/addon.node', { type: 3, needed: ['libc.musl-x86_64.so.1'] }),
      [],
    ],
    ['nothing: it lies elsewhere', app({ needed: ['libc.so.6', 'libelsewhere.so'] }), []],
  ])('%s', async (_name, entry, expected) => {
    const elsewhere = program('opt/x/libelsewhere.so', { type: 3 });
    const { missing } = await findingsIn([[...GLIBC, elsewhere, entry]]);
    expect(missing.map(({ library, symbol }) => [library, symbol])).toEqual(expected);
    for (const { path } of missing) expect(path).toBe('/app/run');
  });

  it('takes broken files for none', async () => {
    const cut = buildElf({ type: 2, interpreter: LOADER, needed: ['libgone.so'] }).subarray(0, 200);
    expect((await findingsIn([[...GLIBC, file('app/run', cut, 0o755)]])).missing).toEqual([]);
  });

  it('lets a library be without a version that only weak references want', async () => {
    const elf = Buffer.from(
      buildElf({ type: 2, interpreter: LOADER, needed: ['libc.so.6'], verneed: { 'libc.so.6': ['GLIBC_2.38'] } }),
    );
    const entry = readElf(elf);
    expect(entry.verneed).toEqual([{ file: 'libc.so.6', versions: ['GLIBC_2.38'] }]);
    // vna_flags of the one record: after its hash, 16 bytes into the table.
    const table = entry.dynamicEntries.find(({ tag }) => tag === 0x6ffffffen)?.value ?? 0n;
    const at = Number(table - (entry.segments[0]?.address ?? 0n)) + 16 + 4;
    elf.writeUInt16LE(2, at);
    expect((await findingsIn([[...GLIBC, file('app/run', elf, 0o755)]])).missing).toEqual([]);
  });

  it.skipIf(!needs('readelf'))('agrees with readelf -V on what a real program needs', async () => {
    const path = '/bin/cat';
    const told = execFileSync('readelf', ['-V', '-W', path], { encoding: 'utf8' });
    const needed = [...told.matchAll(/Name: (GLIBC_\S+) +Flags: none/g)].map(([, name]) => name as string);
    const { missing } = await findingsIn([
      [
        program('lib64/ld-linux-x86-64.so.2', { type: 3, soname: 'ld-linux-x86-64.so.2' }),
        program('lib/libc.so.6', { type: 3, soname: 'libc.so.6', verdef: ['libc.so.6', 'GLIBC_NONE'] }),
        file('bin/cat', readFileSync(path), 0o755),
      ],
    ]);
    const lacked = missing.filter(({ library }) => library === 'libc.so.6').map(({ symbol }) => symbol);
    expect(needed.length).toBeGreaterThan(1);
    expect(lacked).toEqual([...new Set(needed)].sort());
  });
});

describe('certificates', () => {
  it.skipIf(!needs('openssl'))('are counted, with the first that ends', async () => {
    const made = (days: number): string =>
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-keyout',
          '/dev/null',
          '-subj',
          '/CN=x',
          '-days',
          String(days),
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
    const [short, long] = [made(10), made(1000)];
    const ends = execFileSync('openssl', ['x509', '-noout', '-enddate', '-dateopt', 'iso_8601'], {
      input: short,
      encoding: 'utf8',
    });
    const der = execFileSync('openssl', ['x509', '-outform', 'DER'], { input: short });
    const notAfter = ends.trim().replace('notAfter=', '').replace(' ', 'T');
    const { certificates } = await findingsIn([
      [
        file('etc/ssl/all.pem', `# both\n${long}\n${short}`),
        file('etc/ssl/one.der', der),
        file('etc/ssl/key.pem', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
        file(
          'etc/ssl/broken.crt',
          '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----',
        ),
        { path: 'etc/ssl/link.pem', type: 'symlink', link: 'all.pem' },
      ],
    ]);
    expect(certificates).toEqual([
      { path: '/etc/ssl/all.pem', count: 2, notAfter },
      { path: '/etc/ssl/one.der', count: 1, notAfter },
    ]);
  });
});

describe('certificates of a hostile image', () => {
  const begin = '-----BEGIN CERTIFICATE-----\n';
  const end = '-----END CERTIFICATE-----\n';

  it.each([
    ['that never end', begin.repeat(30_000)],
    ['that end all at once', begin.repeat(30_000) + end],
    ['that end again and again', begin + end.repeat(30_000)],
    ['of nothing', (begin + end).repeat(15_000)],
    ['that are too long', begin + 'A'.repeat(900_000) + end],
  ])('are looked at once: %s', async (_name, text) => {
    const { certificates } = await findingsIn([[file('etc/a.pem', text), file('etc/b.pem', `${text}\n`)]]);
    expect(certificates).toEqual([]);
  });
});

describe('age', () => {
  const at = (date: string): number => Date.parse(date) / 1000;

  it('goes by config, history and times of files', async () => {
    const { age } = await findingsIn(
      [
        [
          { ...file('etc/a'), mtime: at('2023-05-01T00:00:00Z') },
          { ...file('etc/b'), mtime: at('2023-06-01T00:00:00Z') },
          { ...file('lib/apk/db/installed', 'P:x\nV:1\n\n'), mtime: at('2023-06-02T00:00:00Z') },
        ],
        [{ ...file('app/run'), mtime: at('2024-02-03T04:05:06Z') }],
      ],
      {
        created: '2024-03-01T10:11:12.123456789Z',
        history: [
          { created: '2023-06-03T00:00:00+02:00', created_by: 'ADD file:1 in /' },
          { created: '2023-06-03T00:00:01Z', created_by: 'CMD ["sh"]', empty_layer: true },
          { created: '2024-03-01T10:11:12Z', created_by: 'COPY run /app/' },
        ],
      },
    );
    expect(age).toEqual({
      created: '2024-03-01T10:11:12Z',
      newest: { what: 'files of no package', date: '2024-02-03T04:05:06Z' },
      base: { date: '2023-06-02T22:00:00Z', from: 'history of layer 0' },
      parts: [
        { name: 'apk database', date: '2023-06-02T00:00:00Z' },
        { name: 'files of layer 0', date: '2023-06-02T00:00:00Z' },
        { name: 'history of layer 0', date: '2023-06-02T22:00:00Z' },
        { name: 'files of layer 1', date: '2024-02-03T04:05:06Z' },
        { name: 'files of no package', date: '2024-02-03T04:05:06Z' },
        { name: 'history of layer 1', date: '2024-03-01T10:11:12Z' },
      ],
    });
  });

  it.each([
    ['1970, as reproducible builds write it', '1970-01-01T00:00:00Z', 0],
    ['1980', '1980-01-01T00:00:00Z', 315_532_800],
    ['one date for everything', '1970-01-01T00:00:01Z', 1_700_000_000],
    ['no date', 'yesterday', 0],
  ])('believes nothing of %s', async (_name, created, mtime) => {
    const { age } = await findingsIn(
      [
        [
          { ...file('a'), mtime },
          { ...file('b'), mtime },
        ],
      ],
      {
        created,
        history: [{ created, created_by: 'COPY' }],
      },
    );
    expect(age).toEqual({ created: null, newest: null, base: null, parts: [] });
  });

  it('takes the day of the archive that an image of Debian is made of', async () => {
    const created_by = "# debian.sh --arch 'amd64' out/ 'bookworm' '@1718668800'";
    const { age } = await findingsIn([[file('a')]], { history: [{ created: '2024-07-01T00:00:00Z', created_by }] });
    expect(age.base).toEqual({ date: '2024-06-18T00:00:00Z', from: 'debian.sh' });
  });
});

it('finds nothing in an image without layers', async () => {
  const found = await findingsIn([], { rootfs: NONE });
  expect(found).toMatchObject({
    os: null,
    libc: [],
    runtimes: [],
    go: [],
    packages: [],
    special: [],
    secrets: [],
    missing: [],
  });
});
