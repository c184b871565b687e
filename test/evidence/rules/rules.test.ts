import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../src/base/error.ts';
import { askRules, type RuleQuestion } from '../../helpers/ask-rules.ts';
import { buildElf, type ElfRecipe } from '../../helpers/elf-builder.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';

const elf = (recipe: ElfRecipe = {}): MemoryFile => ({ content: buildElf(recipe), mode: 0o755 });
const refused = expect.toSatisfy((error: unknown) => isTareError(error, 'E_CONFIG'));

describe('all rules', () => {
  it('make little for an image that needs nothing', async () => {
    const ruled = await askRules({ '/app/x': 'x' }, { kept: ['/app/x'] });
    expect(ruled.edges).toEqual([]);
    expect(ruled.add.map((item) => item.entry.path)).toEqual(['/etc', '/etc/group', '/etc/passwd', '/tmp']);
    for (const { entry, group, reason } of ruled.add) {
      expect([entry.uid, entry.gid, entry.mtime, group]).toEqual([0, 0, 0, 'system']);
      expect(reason).toMatchObject({ to: entry.path, kind: 'rule' });
      expect(reason.from).toMatch(/^rule:/);
    }
  });

  it('put what they make where a linked folder leads, and keep the link', async () => {
    const ruled = await askRules({ '/etc': { link: 'conf' }, '/conf/x': '' });
    expect(ruled.addedBy('user')).toEqual(['/conf/group', '/conf/passwd']);
    expect(new Set(ruled.edgesOf('user'))).toEqual(new Set(['/etc']));
  });
});

describe('tmp', () => {
  it('is a folder that everybody may write to', async () => {
    const { add } = await askRules({ '/tmp': { directory: true, mode: 0o755 } });
    expect(add.find((item) => item.entry.path === '/tmp')?.entry).toMatchObject({ type: 'directory', mode: 0o1777 });
  });
  it('is where its link leads', async () => {
    const ruled = await askRules({ '/tmp': { link: 'var/tmp' }, '/var/tmp': { directory: true } });
    expect(ruled.addedBy('tmp')).toEqual(['/var/tmp']);
    expect(ruled.edgesOf('tmp')).toEqual(['/tmp']);
  });
  it('replaces a link that leads nowhere', async () => {
    expect((await askRules({ '/tmp': { link: '/mnt' } })).addedBy('tmp')).toEqual(['/tmp']);
  });
});

describe('user', () => {
  const PASSWD =
    'root:x:0:0:root:/root:/bin/bash\n# note\nbroken\nnode:x:1000:1000:Node,,,:/home/node:/bin/sh\nwww:x:33:34::/srv:\nbig:x:4294967295:1::/:/\n';
  const GROUPS = 'root:x:0:\nnode:x:1000:\nweb:x:34:\nvideo:x:44:node,www\nstaff:x:50:node\n';
  const tree = { '/etc/passwd': PASSWD, '/etc/group': GROUPS, '/home/node/x': '', '/bin/sh': elf() };
  const ROOT = 'root:x:0:0:root:/:/sbin/nologin\n';
  const cases: readonly (readonly [user: string, passwd: string, group: string])[] = [
    ['65532:65532', 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n', 'nonroot:x:65532:\n'],
    ['65532', 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n', 'nonroot:x:65532:\n'],
    ['nonroot', 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n', 'nonroot:x:65532:\n'],
    ['65532:0', 'nonroot:x:65532:0:nonroot:/:/sbin/nologin\n', ''],
    ['1000', 'app:x:1000:1000:app:/:/sbin/nologin\n', 'app:x:1000:\n'],
    ['1000:2000', 'app:x:1000:2000:app:/:/sbin/nologin\n', 'app:x:2000:\n'],
    ['0', '', ''],
    ['root', '', ''],
    ['0:0', '', ''],
    ['node', 'node:x:1000:1000:node:/:/sbin/nologin\n', 'node:x:1000:\nvideo:x:44:node\nstaff:x:50:node\n'],
    ['node:video', 'node:x:1000:1000:node:/:/sbin/nologin\n', 'video:x:44:\nnode:x:1000:\nstaff:x:50:node\n'],
    ['www', 'www:x:33:34:www:/:/sbin/nologin\n', 'web:x:34:\nvideo:x:44:www\n'],
  ];
  it.each(cases)('%s', async (user, passwd, group) => {
    const ruled = await askRules(tree, { user });
    expect(ruled.text('/etc/passwd')).toBe(ROOT + passwd);
    expect(ruled.text('/etc/group')).toBe(`root:x:0:\n${group}`);
    expect(ruled.add.find((item) => item.entry.path === '/etc/passwd')?.entry.mode).toBe(0o644);
  });

  it('keeps the home and the shell that are in the image', async () => {
    const ruled = await askRules(tree, { user: 'node', kept: ['/home/node', '/bin/sh'] });
    expect(ruled.text('/etc/passwd')).toBe(`${ROOT}node:x:1000:1000:node:/home/node:/bin/sh\n`);
  });

  it.each(['nobody', 'node:nobody', '', ':0', '4294967296', 'big', '-1', '1.5', '__proto__', 'a\nb'])(
    'refuses %j',
    async (user) => {
      await expect(askRules(tree, { user })).rejects.toThrowError(refused);
    },
  );
});

describe('timezone', () => {
  const tree = {
    '/usr/share/zoneinfo/Europe/Paris': 'TZif',
    '/usr/share/zoneinfo/UTC': { link: 'Etc/UTC' },
    '/usr/share/zoneinfo/Etc/UTC': 'TZif',
    '/etc/secret': 'x',
  };
  const cases: readonly (readonly [question: RuleQuestion, edges: string[], add: string[], warnings: string[]])[] = [
    [{}, [], [], []],
    [{ timezone: 'Europe/Paris' }, ['/usr/share/zoneinfo/Europe/Paris'], ['/etc/localtime'], []],
    [{ timezone: 'UTC' }, ['/usr/share/zoneinfo/UTC'], ['/etc/localtime'], []],
    [{ env: { TZ: 'Europe/Paris' } }, ['/usr/share/zoneinfo/Europe/Paris'], [], []],
    [{ env: { TZ: ':Europe/Paris' } }, ['/usr/share/zoneinfo/Europe/Paris'], [], []],
    [{ env: { TZ: ':/usr/share/zoneinfo/UTC' } }, ['/usr/share/zoneinfo/UTC'], [], []],
    [{ env: { TZ: 'CET-1CEST' } }, [], [], []],
    [{ env: { TZ: '' } }, [], [], []],
    [{ env: { TZ: 'Mars/Olympus' } }, [], [], ['timezone-missing']],
    [{ env: { TZ: '../../../etc/secret' } }, [], [], ['timezone-missing']],
  ];
  it.each(cases)('%j', async (question, edges, add, warnings) => {
    const ruled = await askRules(tree, question);
    expect(ruled.edgesOf('timezone')).toEqual(edges);
    expect(ruled.addedBy('timezone')).toEqual(add);
    expect(ruled.warnings.map((warning) => warning.code)).toEqual(warnings);
  });
  it('makes the default a link to the zone', async () => {
    const { add } = await askRules(tree, { timezone: 'Europe/Paris' });
    expect(add.find((item) => item.entry.path === '/etc/localtime')?.entry).toMatchObject({
      type: 'symlink',
      link: '/usr/share/zoneinfo/Europe/Paris',
    });
  });
  it.each(['Mars/Olympus', '', '..', 'Europe', '../../../etc/secret', 'Europe/Paris/x'])('refuses %j', async (name) => {
    await expect(askRules(tree, { timezone: name })).rejects.toThrowError(refused);
  });
});

describe('os-release', () => {
  const tree = {
    '/etc/os-release': { link: '../usr/lib/os-release' },
    '/usr/lib/os-release': 'ID=debian\n',
    '/etc/debian_version': '12.1\n',
    '/usr/lib/libc.so.6': elf(),
    '/usr/local/bin/node': elf(),
    '/app/x': 'x',
  };
  const cases: readonly (readonly [kept: string[], cwd: string, edges: string[]])[] = [
    [['/app/x'], '/app', []],
    [['/usr/local/bin/node'], '/app', []],
    [['/usr/lib/libc.so.6'], '/app', ['/etc/debian_version', '/etc/os-release']],
    [['/usr/lib/libc.so.6'], '/usr/lib', []],
    [['/usr/lib/libc.so.6'], '/', ['/etc/debian_version', '/etc/os-release']],
  ];
  it.each(cases)('%j, application in %s', async (kept, cwd, edges) => {
    expect((await askRules(tree, { kept, cwd })).edgesOf('os-release')).toEqual(edges);
  });
  it('is found where only the newer place has it, and is not taken when it is absurd', async () => {
    const kept = ['/lib/x'];
    expect((await askRules({ '/lib/x': '', '/usr/lib/os-release': 'x' }, { kept })).edgesOf('os-release')).toEqual([
      '/usr/lib/os-release',
    ]);
    const large = { '/lib/x': '', '/etc/os-release': 'x'.repeat(100_000), '/etc/alpine-release': '3.20.3\n' };
    expect((await askRules(large, { kept })).edgesOf('os-release')).toEqual(['/etc/alpine-release']);
  });
});

describe('nsswitch', () => {
  const libc = (verdef: string[]): MemoryFile =>
    elf({ soname: 'libc.so.6', verdef: ['libc.so.6', ...verdef], imports: ['getaddrinfo'] });
  const asks = elf({ type: 2, interpreter: '/lib/ld.so', needed: ['libc.so.6'], imports: ['getaddrinfo'] });
  const modules = { '/lib/libnss_files.so.2': elf(), '/lib/libnss_dns.so.2': elf(), '/lib/libnss_nis.so.2': elf() };
  const kept = ['/lib/libc.so.6', '/app/x'];
  const cases: readonly (readonly [name: string, files: Record<string, MemoryFile>, edges: string[], add: string[]])[] =
    [
      [
        'has its modules built in',
        { '/lib/libc.so.6': libc(['GLIBC_2.34']), '/app/x': asks },
        [],
        ['/etc/nsswitch.conf'],
      ],
      [
        'loads modules',
        { '/lib/libc.so.6': libc(['GLIBC_2.31']), '/app/x': asks },
        ['/lib/libnss_dns.so.2', '/lib/libnss_files.so.2'],
        ['/etc/nsswitch.conf'],
      ],
      [
        'goes by the name of its version',
        { '/lib/libc.so.6': { link: 'libc-2.31.so' }, '/lib/libc-2.31.so': libc([]), '/app/x': asks },
        ['/lib/libnss_dns.so.2', '/lib/libnss_files.so.2'],
        ['/etc/nsswitch.conf'],
      ],
      ['is not asked', { '/lib/libc.so.6': libc(['GLIBC_2.34']), '/app/x': elf({ imports: ['printf'] }) }, [], []],
      ['is musl', { '/lib/libc.musl-x86_64.so.1': libc([]), '/app/x': asks }, [], []],
    ];
  it.each(cases)('when libc %s', async (_name, files, edges, add) => {
    const ruled = await askRules({ ...modules, '/etc/x': '', ...files }, { kept: [...kept, ...Object.keys(files)] });
    expect(ruled.edgesOf('nsswitch')).toEqual(edges);
    expect(ruled.addedBy('nsswitch')).toEqual(add);
  });
  it('names only services that the image has', async () => {
    const files = {
      '/lib/libc.so.6': libc(['GLIBC_2.34']),
      '/app/x': asks,
      '/etc/nsswitch.conf': 'hosts: nis systemd\n',
    };
    const ruled = await askRules(files, { kept });
    expect(ruled.text('/etc/nsswitch.conf')).toBe('passwd: files\ngroup: files\nhosts: files dns\n');
  });
});
