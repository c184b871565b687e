import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { pathOfText, ROOT } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { elfAnalyser } from '../../../src/evidence/elf/index.ts';
import { shellAnalyser } from '../../../src/evidence/shell/index.ts';
import { textsAnalyser } from '../../../src/evidence/texts/index.ts';
import { pathsInConstant, pathsInText } from '../../../src/evidence/texts/paths.ts';
import type { Analyser, Edge } from '../../../src/evidence/types.ts';
import { type ElfRecipe, buildElf } from '../../helpers/elf-builder.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { needs } from '../../helpers/needs.ts';

const program = (recipe: ElfRecipe = {}): MemoryFile => ({ content: buildElf({ type: 2, ...recipe }), mode: 0o755 });
const names = (...constants: string[]): MemoryFile => program({ constants });

async function edgesOf(
  files: Record<string, MemoryFile>,
  argv: readonly string[],
  options: { readonly env?: Record<string, string>; readonly analysers?: readonly Analyser[] } = {},
): Promise<readonly Edge[]> {
  const context = { argv, env: { PATH: '/usr/bin', ...options.env }, cwd: ROOT };
  const path = pathOfText(argv[0]?.startsWith('/') === true ? argv[0] : `/usr/bin/${argv[0] ?? ''}`);
  const { graph } = await collect({
    ...memoryTree(files),
    roots: [{ root: 'entrypoint', path, kind: 'entrypoint', because: 'x', context }],
    analysers: options.analysers ?? [textsAnalyser()],
    ctx: createContext({}),
  });
  return graph.edges.filter((edge) => edge.from !== 'entrypoint');
}

const targets = (edges: readonly Edge[]): string[] => [...new Set(edges.map((edge) => edge.to as string))].sort();

describe('paths in texts', () => {
  it.each<readonly [string, readonly string[]]>([
    ['x = "/etc/app/a.conf"', ['/etc/app/a.conf']],
    ['dir /var/lib/x/, file=/a/b;', ['/var/lib/x', '/a/b']],
    ['http://host/a/b $HOME/a/b ../a/b ~/a/b {{x}}/a/b', []],
    ['/one /*/b //x/y', []],
    ["'/a/b' (/a/b) </a/b>", ['/a/b']],
    [`/a/${'.'.repeat(300_000)}x`, []],
    [`${'/'.repeat(300_000)}x`, []],
  ])('%j', (text, expected) => {
    expect(pathsInText(text)).toEqual(expected);
  });

  it.each<readonly [string, readonly string[]]>([
    ['/etc/a', ['/etc/a']],
    ['/etc/terminfo:/lib/terminfo', ['/etc/terminfo', '/lib/terminfo']],
    ['/etc/%s/x', []],
    ['cannot open /etc/a', []],
    ['/a', []],
  ])('in the constant %j', (text, expected) => {
    expect(pathsInConstant(text)).toEqual(expected);
  });
});

describe('a program', () => {
  const files: Record<string, MemoryFile> = {
    '/etc/mime.types': 'x',
    '/etc/passwd': 'x',
    '/etc/shadow': 'x',
    '/etc/tool/one.conf': 'x',
    '/etc/tool/two.conf': 'x',
    '/usr/share/tool/data': { content: 'x'.repeat(2_000_000) },
    '/usr/share/other/data': { content: 'x'.repeat(2_000_000) },
    '/usr/share/doc/tool/README': 'x',
    '/usr/share/zoneinfo/Europe/Paris': 'x',
    '/usr/bin/sh': program(),
    '/usr/lib/tool/helper': program(),
    '/usr/lib/libx.so': program(),
    '/tmp/x/y': 'x',
    '/link/to': { link: '/etc/mime.types' },
  };
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['files that it names', ['/etc/mime.types', '/nowhere/x'], ['/etc/mime.types']],
    ['links too', ['/link/to'], ['/etc/mime.types', '/link/to']],
    ['small folders', ['/etc/tool/'], ['/etc/tool', '/etc/tool/one.conf', '/etc/tool/two.conf']],
    ['its own larger ones', ['/usr/share/tool'], ['/usr/share/tool', '/usr/share/tool/data']],
    ["of others' larger ones the folder alone", ['/usr/share/other'], ['/usr/share/other']],
    ['no folder of everybody', ['/usr/share', '/etc', '/usr/lib', '/usr/share/zoneinfo', '/usr/share/doc/tool'], []],
    ['no programs of PATH', ['/usr/bin/sh', '/usr/lib/tool/helper'], ['/usr/lib/tool/helper']],
    [
      'no secrets, accounts, libraries, or what is there for a while',
      ['/etc/shadow', '/etc/passwd', '/usr/lib/libx.so', '/tmp/x/y'],
      [],
    ],
  ])('brings %s', async (_name, constants, expected) => {
    const edges = await edgesOf({ ...files, '/usr/bin/tool': names(...constants) }, ['tool']);
    expect(targets(edges)).toEqual(expected);
    expect(edges.filter((edge) => edge.kind !== 'symlink').every((edge) => edge.certainty === 'guess')).toBe(true);
  });

  it('counts only when it is started', async () => {
    const edges = await edgesOf({ ...files, '/usr/bin/tool': names('/etc/mime.types') }, ['other'], {});
    expect(edges).toEqual([]);
    const library = {
      '/usr/bin/tool': program({ needed: ['liby.so'] }),
      '/usr/lib/liby.so': { content: buildElf({ constants: ['/etc/mime.types'] }) },
    };
    const both = await edgesOf({ ...files, ...library }, ['tool'], { analysers: [elfAnalyser(), textsAnalyser()] });
    expect(targets(both)).not.toContain('/etc/mime.types');
    const script = {
      '/run': { content: '#!/usr/bin/sh\nexec tool\n', mode: 0o755 },
      '/usr/bin/tool': names('/etc/mime.types'),
    };
    const run = await edgesOf({ ...files, ...script }, ['/run'], { analysers: [shellAnalyser(), textsAnalyser()] });
    expect(targets(run)).toContain('/etc/mime.types');
  });

  it('brings what libc reads for it', async () => {
    const system = {
      '/etc/services': 'x',
      '/etc/localtime': 'x',
      '/usr/lib/locale/C.utf8/LC_CTYPE': 'x',
      '/usr/lib/locale/C.utf8/LC_MESSAGES/SYS': 'x',
      '/usr/lib/locale/de_DE.utf8/LC_CTYPE': 'x',
      '/usr/lib/locale/locale-archive': 'x',
    };
    const tool = { '/usr/bin/tool': program({ imports: ['getservbyname', 'setlocale'] }) };
    const found = async (env: Record<string, string>) =>
      targets(await edgesOf({ ...system, ...tool }, ['tool'], { env }));
    expect(await found({ LANG: 'C' })).toEqual(['/etc/services']);
    expect(await found({ LANG: 'C.UTF-8' })).toEqual([
      '/etc/services',
      '/usr/lib/locale/C.utf8/LC_CTYPE',
      '/usr/lib/locale/C.utf8/LC_MESSAGES',
      '/usr/lib/locale/C.utf8/LC_MESSAGES/SYS',
    ]);
    expect(await found({ LC_ALL: 'fr_FR.UTF-8' })).toEqual(['/etc/services', '/usr/lib/locale/locale-archive']);
  });

  it('brings the data of libraries that are nothing without', async () => {
    const system = {
      '/usr/bin/tool': program({ needed: ['libmagic.so.1', 'libtinfo.so.6'] }),
      '/usr/lib/libmagic.so.1': { content: buildElf() },
      '/usr/lib/libtinfo.so.6': { content: buildElf() },
      '/usr/lib/file/magic.mgc': 'x',
      '/usr/share/terminfo/x/xterm': 'x',
      '/usr/share/terminfo/w/wy50': 'x',
      '/usr/share/terminfo/z/zzz': 'x',
    };
    const got = targets(
      await edgesOf(system, ['tool'], { env: { TERM: 'wy50' }, analysers: [elfAnalyser(), textsAnalyser()] }),
    );
    for (const path of ['/usr/lib/file/magic.mgc', '/usr/share/terminfo/x/xterm', '/usr/share/terminfo/w/wy50'])
      expect(got).toContain(path);
    expect(got).not.toContain('/usr/share/terminfo/z/zzz');
  });
});

describe('scripts and configuration', () => {
  it('of a language that nobody follows are searched', async () => {
    const files = {
      '/usr/bin/tool': { content: '#!/usr/bin/tclsh\n# /etc/b/c\nopen "/etc/a/b"\n', mode: 0o755 },
      '/etc/a/b': 'x',
      '/etc/b/c': 'x',
    };
    expect(targets(await edgesOf(files, ['tool']))).toEqual(['/etc/a/b']);
    const shell = {
      ...files,
      '/usr/bin/tool': { content: '#!/usr/bin/env -S python3 -u\nopen("/etc/a/b")\n', mode: 0o755 },
    };
    expect(targets(await edgesOf(shell, ['tool']))).toEqual([]);
  });

  it('that is given as an argument, or lies in /etc, is searched', async () => {
    const files = {
      '/usr/bin/store': program(),
      '/x/s.conf': 'include /x/more.cfg\n',
      '/x/more.cfg': 'dir /x/data\n',
      '/x/data/1': 'x',
    };
    const analysers = [shellAnalyser(), textsAnalyser()];
    expect(targets(await edgesOf(files, ['store', '/x/s.conf'], { analysers }))).toEqual(['/x/more.cfg', '/x/s.conf']);
    expect(targets(await edgesOf(files, ['store', '--config=/x/s.conf'], { analysers }))).toContain('/x/more.cfg');
  });
});

describe('interpreters', () => {
  it('Perl: modules of a script, and theirs', async () => {
    const base = '/usr/lib/x86_64-linux-gnu/perl-base';
    const files = {
      '/usr/bin/perl': program(),
      '/app.pl': 'use strict; use A::B;\nuse parent qw(C D::E);\n__END__\nuse F;\n',
      [`${base}/strict.pm`]: 'x',
      [`${base}/utf8.pm`]: 'x',
      '/usr/share/perl5/A/B.pm': 'require G;\n',
      '/usr/share/perl5/C.pm': '1;',
      '/usr/share/perl5/D/E.pm': '1;',
      '/usr/share/perl5/F.pm': '1;',
      '/usr/share/perl/5.36/G.pm': '1;',
      '/usr/lib/x86_64-linux-gnu/perl/5.36/auto/G/G.so': 'x',
    };
    expect(targets(await edgesOf(files, ['perl', '/app.pl']))).toEqual([
      `${base}/strict.pm`,
      `${base}/utf8.pm`,
      '/usr/lib/x86_64-linux-gnu/perl/5.36/auto/G/G.so',
      '/usr/share/perl/5.36/G.pm',
      '/usr/share/perl5/A/B.pm',
      '/usr/share/perl5/C.pm',
      '/usr/share/perl5/D/E.pm',
    ]);
  });

  it('PHP: settings, and the extensions that they name', async () => {
    const files = {
      '/usr/bin/php8.2': program(),
      '/usr/bin/php': { link: 'php8.2' },
      '/etc/php/8.2/cli/php.ini': ';extension=no\n',
      '/etc/php/8.2/cli/conf.d/10-pdo.ini': { link: '/etc/php/8.2/mods-available/pdo.ini' },
      '/etc/php/8.2/mods-available/pdo.ini': 'extension=pdo.so\nzend_extension=opcache ; x\n',
      '/etc/php/8.2/fpm/php.ini': 'x',
      '/usr/lib/php/20220829/pdo.so': 'x',
      '/usr/lib/php/20220829/opcache.so': 'x',
      '/usr/lib/php/20220829/no.so': 'x',
    };
    expect(targets(await edgesOf(files, ['php', '-r', '1']))).toEqual([
      '/etc/php/8.2/cli/conf.d/10-pdo.ini',
      '/etc/php/8.2/cli/php.ini',
      '/etc/php/8.2/mods-available/pdo.ini',
      '/usr/bin/php8.2',
      '/usr/lib/php/20220829/opcache.so',
      '/usr/lib/php/20220829/pdo.so',
    ]);
  });

  it('Ruby: its library whole', async () => {
    const files = {
      '/usr/local/bin/ruby': program(),
      '/usr/local/lib/ruby/3.3.0/set.rb': 'x',
      '/usr/local/bundle/gems/rack-3/lib/rack.rb': 'x',
      '/usr/local/lib/ruby/gems/3.3.0/gems/rbs-3/x.rb': 'x',
      '/usr/local/lib/other': 'x',
    };
    const got = targets(await edgesOf(files, ['/usr/local/bin/ruby', 'x.rb']));
    expect(got).toEqual(['/usr/local/bundle/gems/rack-3/lib/rack.rb', '/usr/local/lib/ruby/3.3.0/set.rb']);
  });
});

describe('on this machine', () => {
  it.skipIf(!needs('bash')).each([['bash'], ['python3'], ['node'], ['tar'], ['openssl']])(
    'adds little to %s',
    async (name) => {
      const host = hostTree();
      const path = ['/usr/local/bin', '/usr/bin', '/bin']
        .map((folder) => pathOfText(`${folder}/${name}`))
        .find((each) => host.tree.resolve(each) !== undefined);
      if (path === undefined) return;
      const context = { argv: [path], env: {}, cwd: ROOT };
      const { graph } = await collect({
        ...host,
        roots: [{ root: 'entrypoint', path, kind: 'entrypoint', because: 'x', context }],
        analysers: [textsAnalyser()],
        ctx: createContext({}),
      });
      const own = host.tree.resolve(path)?.entry.path;
      const sizes = targets(graph.edges)
        .filter((to) => to !== path && to !== own)
        .map((to) => host.tree.get(pathOfText(to))?.size ?? 0);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
    },
  );
});
