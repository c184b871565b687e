import { describe, expect, it } from 'vitest';
import { pathOfText, type TreePath } from '../../../src/base/path.ts';
import type { Warning } from '../../../src/base/events.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { dotnetAnalyser } from '../../../src/evidence/dotnet/index.ts';
import type { Edge, EvidenceGraph } from '../../../src/evidence/types.ts';
import { type AssemblyRecipe, buildAssembly } from '../../helpers/assembly-builder.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

const ROOT = '/usr/share/dotnet';
const CORE = `${ROOT}/shared/Microsoft.NETCore.App/6.0.5`;
const WEB = `${ROOT}/shared/Microsoft.AspNetCore.App/6.0.5`;
const PROGRAM = { type: 2, interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] };

const dll = (recipe: AssemblyRecipe): Buffer => buildAssembly(recipe);
const program = (content: Buffer): MemoryFile => ({ content, mode: 0o755 });
const listing = (name: string, files: Readonly<Record<string, readonly string[]>>, rest: object = {}): string =>
  JSON.stringify({
    runtimeTarget: { name: 'target' },
    targets: {
      target: {
        [`${name}/1.0.0`]: Object.fromEntries(
          Object.entries(files).map(([type, paths]) => [type, Object.fromEntries(paths.map((path) => [path, {}]))]),
        ),
        ...rest,
      },
    },
  });

const RUNTIME: Readonly<Record<string, MemoryFile>> = {
  '/lib64/ld-linux-x86-64.so.2': buildElf(),
  '/lib/x86_64-linux-gnu/libc.so.6': buildElf({ soname: 'libc.so.6' }),
  [`${ROOT}/dotnet`]: program(buildElf(PROGRAM)),
  '/usr/bin/dotnet': { link: '../share/dotnet/dotnet' },
  [`${ROOT}/host/fxr/6.0.5/libhostfxr.so`]: buildElf(),
  [`${ROOT}/host/fxr/6.0.10/libhostfxr.so`]: buildElf(),
  [`${CORE}/Microsoft.NETCore.App.deps.json`]: listing('Microsoft.NETCore.App', {
    runtime: ['System.Private.CoreLib', 'System.Runtime', 'System.Linq', 'System.Unused', 'netstandard'].map(
      (name) => `lib/${name}.dll`,
    ),
    native: ['native/libcoreclr.so', 'native/libclrjit.so', 'native/libSystem.Native.so'],
  }),
  [`${CORE}/System.Private.CoreLib.dll`]: dll({
    name: 'System.Private.CoreLib',
    nativeLibraries: ['libSystem.Native', 'QCall', 'kernel32.dll'],
  }),
  [`${CORE}/System.Runtime.dll`]: dll({ name: 'System.Runtime', references: ['System.Private.CoreLib'] }),
  [`${CORE}/System.Linq.dll`]: dll({ name: 'System.Linq', references: ['System.Runtime'] }),
  [`${CORE}/System.Unused.dll`]: dll({ name: 'System.Unused', references: ['System.Runtime'] }),
  [`${CORE}/netstandard.dll`]: dll({
    name: 'netstandard',
    types: 0,
    references: ['System.Linq', 'System.Unused', 'System.Runtime'],
    forwards: [
      ['System.Linq.Enumerable', 'System.Linq'],
      ['System.Odd', 'System.Unused'],
      ['System.Object', 'System.Runtime'],
    ],
  }),
  [`${CORE}/libhostpolicy.so`]: buildElf(),
  [`${CORE}/libcoreclr.so`]: buildElf(),
  [`${CORE}/libclrjit.so`]: buildElf(),
  [`${CORE}/libSystem.Native.so`]: buildElf(),
  [`${CORE}/libmscordaccore.so`]: buildElf(),
};

const CONFIG = JSON.stringify({ runtimeOptions: { framework: { name: 'Microsoft.NETCore.App', version: '6.0.0' } } });
const SHOP: Readonly<Record<string, MemoryFile>> = {
  ...RUNTIME,
  '/app/shop.dll': dll({ name: 'shop', references: ['System.Runtime'] }),
  '/app/shop.runtimeconfig.json': CONFIG,
  '/app/shop.deps.json': listing('shop', { runtime: ['shop.dll'] }),
};

interface Answer {
  readonly graph: EvidenceGraph;
  readonly warnings: readonly Warning[];
  readonly paths: ReadonlySet<string>;
  readonly because: (path: string) => string | undefined;
}

async function ask(
  files: Readonly<Record<string, MemoryFile>>,
  argv: readonly string[] = ['dotnet', 'shop.dll'],
  {
    env = {},
    root = '/usr/bin/dotnet',
  }: { readonly env?: Readonly<Record<string, string>>; readonly root?: string } = {},
): Promise<Answer> {
  const { content, tree } = memoryTree(files);
  const context = { argv, env, cwd: pathOfText('/app') };
  const { graph, warnings } = await collect({
    tree,
    content,
    analysers: [dotnetAnalyser()],
    roots: [{ root: 'entrypoint', path: pathOfText(root), kind: 'entrypoint', because: 'started', context }],
    ctx: { concurrency: 2, signal: new AbortController().signal, onEvent: () => {} },
  });
  const last = (path: string): Edge | undefined => graph.chain(path as TreePath).at(-1);
  return {
    graph,
    warnings,
    paths: new Set(graph.edges.map((edge) => edge.to)),
    because: (path) => last(path)?.because,
  };
}

describe('dotnet app.dll', () => {
  it('keeps host, runtime, and what is referenced', async () => {
    const { because, paths, warnings } = await ask(SHOP);
    expect(warnings).toEqual([]);
    expect([...paths].sort()).toEqual(
      [
        '/usr/bin/dotnet',
        `${ROOT}/dotnet`,
        `${ROOT}/host/fxr/6.0.10/libhostfxr.so`,
        `${CORE}/Microsoft.NETCore.App.deps.json`,
        ...['System.Private.CoreLib.dll', 'System.Runtime.dll'].map((name) => `${CORE}/${name}`),
        ...['libSystem.Native.so', 'libclrjit.so', 'libcoreclr.so', 'libhostpolicy.so'].map(
          (name) => `${CORE}/${name}`,
        ),
        ...['shop.deps.json', 'shop.dll', 'shop.runtimeconfig.json'].map((name) => `/app/${name}`),
      ].sort(),
    );
    expect(because(`${CORE}/System.Runtime.dll`)).toBe('referenced by shop.dll');
    expect(because(`${CORE}/Microsoft.NETCore.App.deps.json`)).toBe(
      'Microsoft.NETCore.App 6.0.5, chosen for 6.0.0 by roll-forward LatestPatch',
    );
    expect(because(`${CORE}/libSystem.Native.so`)).toBe(
      `System.Private.CoreLib.dll calls libSystem.Native, found in ${CORE}`,
    );
  });

  it.each([
    ['exec', ['dotnet', 'exec', 'shop.dll']],
    ['an absolute path', ['/usr/share/dotnet/dotnet', '/app/shop.dll', '--urls', 'x']],
    ['options of the host', ['dotnet', '--roll-forward', 'Major', 'exec', '--fx-version', '6.0.5', 'shop.dll']],
  ])('understands %s', async (_name, argv) => {
    expect((await ask(SHOP, argv)).paths).toContain(`${CORE}/System.Runtime.dll`);
  });

  it('follows an assembly that only forwards no further than it is asked', async () => {
    const lib = dll({ name: 'lib', references: ['netstandard'], uses: [['System.Linq.Enumerable', 'netstandard']] });
    const files = {
      ...SHOP,
      '/app/lib.dll': lib,
      '/app/shop.deps.json': listing('shop', { runtime: ['shop.dll', 'lib/x/lib.dll'] }),
    };
    const { because, paths } = await ask(files);
    expect(because('/app/lib.dll')).toBe("shop/1.0.0 in shop.dll's list of dependencies");
    expect(because(`${CORE}/System.Linq.dll`)).toBe(
      'netstandard.dll forwards System.Linq.Enumerable to it, which lib.dll uses',
    );
    expect(paths).not.toContain(`${CORE}/System.Unused.dll`);
  });

  it('keeps what texts name for reflection', async () => {
    const shop = dll({
      name: 'shop',
      references: ['System.Runtime'],
      texts: ['System.Odd, System.Unused', 'Some, words'],
    });
    const { because } = await ask({ ...SHOP, '/app/shop.dll': shop });
    expect(because(`${CORE}/System.Unused.dll`)).toBe('shop.dll names System.Odd');
  });

  it('takes the frameworks that a framework asks for', async () => {
    const config = (framework: string, version: string) =>
      JSON.stringify({ runtimeOptions: { rollForward: 'LatestPatch', framework: { name: framework, version } } });
    const files = {
      ...SHOP,
      '/app/shop.runtimeconfig.json': config('Microsoft.AspNetCore.App', '6.0.0'),
      '/app/shop.dll': dll({ name: 'shop', references: ['Microsoft.AspNetCore', 'System.Linq'] }),
      [`${WEB}/Microsoft.AspNetCore.App.runtimeconfig.json`]: config('Microsoft.NETCore.App', '6.0.5'),
      [`${WEB}/Microsoft.AspNetCore.App.deps.json`]: listing('Web', {
        runtime: ['Microsoft.AspNetCore.dll', 'Microsoft.AspNetCore.Mvc.dll'],
      }),
      [`${WEB}/Microsoft.AspNetCore.dll`]: dll({ name: 'Microsoft.AspNetCore' }),
      [`${WEB}/Microsoft.AspNetCore.Mvc.dll`]: dll({ name: 'Microsoft.AspNetCore.Mvc' }),
    };
    const { paths } = await ask(files);
    expect(paths).toContain(`${WEB}/Microsoft.AspNetCore.dll`);
    expect(paths).toContain(`${CORE}/System.Linq.dll`);
    expect(paths).not.toContain(`${WEB}/Microsoft.AspNetCore.Mvc.dll`);
  });

  it('prefers the newer of an application and a framework', async () => {
    const versioned = (version: string, path: string) => ({
      'System.Linq/9.0.0': { runtime: { [path]: { assemblyVersion: version, fileVersion: version } } },
    });
    const deps = (version: string) =>
      listing('shop', { runtime: ['shop.dll'] }, versioned(version, 'lib/System.Linq.dll'));
    const files = {
      ...SHOP,
      '/app/shop.dll': dll({ name: 'shop', references: ['System.Linq'] }),
      '/app/System.Linq.dll': dll({ name: 'System.Linq' }),
      [`${CORE}/Microsoft.NETCore.App.deps.json`]: listing(
        'fx',
        { runtime: ['System.Private.CoreLib.dll'] },
        versioned('6.0.0.0', 'System.Linq.dll'),
      ),
    };
    const newer = await ask({ ...files, '/app/shop.deps.json': deps('9.0.0.0') });
    const older = await ask({ ...files, '/app/shop.deps.json': deps('5.0.0.0') });
    expect(newer.paths).not.toContain(`${CORE}/System.Linq.dll`);
    expect(older.because(`${CORE}/System.Linq.dll`)).toBe('referenced by shop.dll');
  });

  it('takes the native library for this machine', async () => {
    const natives = Object.fromEntries(
      ['linux-x64', 'linux-musl-x64', 'win-x64', 'linux-arm64'].map((rid) => [
        `runtimes/${rid}/native/libsqlite.so`,
        { rid, assetType: 'native' },
      ]),
    );
    const files = {
      ...SHOP,
      '/app/shop.dll': dll({ name: 'shop', nativeLibraries: ['sqlite'] }),
      '/app/shop.deps.json': listing('shop', {}, { 'sqlite/1.0.0': { runtimeTargets: natives } }),
      ...Object.fromEntries(Object.keys(natives).map((path) => [`/app/${path}`, buildElf()])),
    };
    const glibc = await ask(files);
    expect([...glibc.paths].filter((path) => path.includes('sqlite'))).toEqual([
      '/app/runtimes/linux-x64/native/libsqlite.so',
    ]);
    const musl = program(
      buildElf({ ...PROGRAM, interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] }),
    );
    const alpine = await ask({ ...files, [`${ROOT}/dotnet`]: musl });
    expect([...alpine.paths].filter((path) => path.includes('sqlite'))).toEqual([
      '/app/runtimes/linux-musl-x64/native/libsqlite.so',
    ]);
  });

  it('keeps settings, views and translations beside the application', async () => {
    const { paths } = await ask({
      ...SHOP,
      '/app/appsettings.json': '{}',
      '/app/nlog.config': '<x/>',
      '/app/shop.runtimeconfig.dev.json': '{}',
      '/app/shop.Views.dll': dll({ name: 'shop.Views', references: ['System.Linq'] }),
      '/app/de/shop.resources.dll': dll({ name: 'shop.resources', culture: 'de' }),
      '/app/runtimes/readme.txt': '',
    });
    for (const path of [
      '/app/appsettings.json',
      '/app/nlog.config',
      '/app/shop.Views.dll',
      '/app/de/shop.resources.dll',
      `${CORE}/System.Linq.dll`,
    ])
      expect(paths).toContain(path);
    expect(paths).not.toContain('/app/shop.runtimeconfig.dev.json');
  });

  it('takes every assembly of a folder without a list', async () => {
    const { '/app/shop.deps.json': _, ...files } = SHOP;
    const { because } = await ask({
      ...files,
      '/app/plugin.dll': dll({ name: 'plugin', references: ['System.Linq'] }),
    });
    expect(because('/app/plugin.dll')).toBe('lies beside shop.dll');
    expect(because(`${CORE}/System.Linq.dll`)).toBe('referenced by plugin.dll');
  });

  it('takes what hosting startups and hooks name', async () => {
    const env = { ASPNETCORE_HOSTINGSTARTUPASSEMBLIES: 'System.Linq;Nothing', DOTNET_STARTUP_HOOKS: '/hooks/hook.dll' };
    const { because } = await ask({ ...SHOP, '/hooks/hook.dll': dll({ name: 'hook' }) }, undefined, { env });
    expect(because(`${CORE}/System.Linq.dll`)).toBe('ASPNETCORE_HOSTINGSTARTUPASSEMBLIES names it');
    expect(because('/hooks/hook.dll')).toBe('DOTNET_STARTUP_HOOKS names it');
  });
});

describe('what the runtime opens by name', () => {
  const files = {
    ...SHOP,
    [`${CORE}/System.Linq.dll`]: dll({
      name: 'System.Linq',
      nativeLibraries: ['libSystem.Security.Cryptography.Native.OpenSsl', 'libSystem.Globalization.Native'],
    }),
    [`${CORE}/libSystem.Security.Cryptography.Native.OpenSsl.so`]: buildElf({
      imports: ['dlopen'],
      constants: ['libssl.so.3', 'libssl.so.1.1'],
    }),
    [`${CORE}/libSystem.Globalization.Native.so`]: buildElf(),
    '/app/shop.dll': dll({ name: 'shop', references: ['System.Linq'] }),
    '/usr/lib/x86_64-linux-gnu/libssl.so.1.1': buildElf(),
    '/usr/lib/x86_64-linux-gnu/libssl.so.10': buildElf(),
    '/usr/lib/x86_64-linux-gnu/libicuuc.so.72': buildElf(),
    '/usr/lib/x86_64-linux-gnu/libicui18n.so.72': buildElf(),
    '/usr/lib/x86_64-linux-gnu/libicuuc.so.67': buildElf(),
  };

  it('is OpenSSL of a version that the shim knows, and every ICU that is whole', async () => {
    const { paths } = await ask(files);
    const found = [...paths]
      .filter((path) => path.startsWith('/usr/lib/'))
      .map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(new Set(found)).toEqual(new Set(['libicui18n.so.72', 'libicuuc.so.72', 'libssl.so.1.1']));
  });

  it.each([
    ['by the environment', { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' }, {}],
    ['by the settings', {}, { 'System.Globalization.Invariant': true }],
  ])('is no ICU when it is turned off %s', async (_name, env, configProperties) => {
    const framework = { name: 'Microsoft.NETCore.App', version: '6.0.0' };
    const config = JSON.stringify({ runtimeOptions: { framework, configProperties } });
    const { paths } = await ask({ ...files, '/app/shop.runtimeconfig.json': config }, undefined, { env });
    expect([...paths].filter((path) => path.includes('libicu'))).toEqual([]);
  });

  it('is said to be missing', async () => {
    const { '/usr/lib/x86_64-linux-gnu/libicui18n.so.72': _, ...rest } = files;
    expect((await ask(rest)).warnings.map(({ code }) => code)).toEqual(['dotnet-icu']);
  });
});

describe('an executable of its own', () => {
  const signature = '8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae';
  const host = (offset: number): MemoryFile => {
    const place = Buffer.alloc(8);
    place.writeUInt32LE(offset);
    // The builder makes one segment, read-only; a host keeps its marks in data that it may write.
    const elf = buildElf({
      ...PROGRAM,
      constants: [`${Buffer.concat([place, Buffer.from(signature, 'hex')]).toString('latin1')}\0shop.dll`],
    });
    elf.writeUInt32LE(6, 64 + 4);
    return program(elf);
  };

  it('finds the installation where DOTNET_ROOT says', async () => {
    const moved = Object.fromEntries(
      Object.entries(SHOP).map(([path, file]) => [path.replace('/usr/share/dotnet', '/opt/net'), file]),
    );
    const files = { ...moved, '/app/shop': host(0) };
    const found = await ask(files, ['/app/shop'], { root: '/app/shop', env: { DOTNET_ROOT: '/opt/net' } });
    expect(found.paths).toContain('/opt/net/shared/Microsoft.NETCore.App/6.0.5/System.Runtime.dll');
    const named = await ask({ ...files, '/etc/dotnet/install_location': '/opt/net\n' }, ['/app/shop'], {
      root: '/app/shop',
    });
    expect(named.because('/etc/dotnet/install_location')).toBe('says where .NET is installed');
    const lost = await ask(files, ['/app/shop'], { root: '/app/shop' });
    expect(lost.warnings.map(({ code }) => code)).toContain('dotnet-missing');
  });

  it('may bring its runtime', async () => {
    const own = Object.fromEntries(
      Object.entries(RUNTIME).flatMap(([path, file]) =>
        path.startsWith(`${CORE}/`) ? [[path.replace(CORE, '/app'), file]] : [],
      ),
    );
    const files = {
      ...own,
      '/app/shop': host(0),
      '/app/libhostfxr.so': buildElf(),
      '/app/shop.dll': dll({ name: 'shop', references: ['System.Runtime'] }),
      '/app/shop.runtimeconfig.json': JSON.stringify({ runtimeOptions: { includedFrameworks: [] } }),
      '/app/shop.deps.json': listing('shop', {
        runtime: ['shop.dll', 'System.Runtime.dll', 'System.Private.CoreLib.dll'],
        native: ['libcoreclr.so', 'libSystem.Native.so'],
      }),
    };
    const { paths } = await ask(files, ['/app/shop'], { root: '/app/shop' });
    for (const name of [
      'libhostfxr.so',
      'libhostpolicy.so',
      'libcoreclr.so',
      'libclrjit.so',
      'System.Private.CoreLib.dll',
      'System.Runtime.dll',
    ])
      expect(paths).toContain(`/app/${name}`);
  });

  it('is recognised when everything is packed inside', async () => {
    const { warnings } = await ask({ '/app/shop': host(4096) }, ['/app/shop'], { root: '/app/shop' });
    expect(warnings.map(({ code }) => code)).toEqual(['dotnet-bundle']);
  });
});

describe('what cannot be followed', () => {
  it.each([
    [
      'no framework',
      { ...SHOP, '/app/shop.runtimeconfig.json': CONFIG.replace('6.0.0', '9.0.0') },
      undefined,
      'dotnet-missing',
    ],
    ['a command of the SDK', SHOP, ['dotnet', 'watch', 'run'], 'dotnet-command'],
    ['broken settings', { ...SHOP, '/app/shop.deps.json': '{' }, undefined, 'dotnet-json'],
    [
      'a broken assembly',
      { ...SHOP, '/app/shop.dll': dll({ name: 'shop' }).subarray(0, 700) },
      undefined,
      'dotnet-broken',
    ],
  ])('%s', async (_name, files, argv, code) => {
    expect((await ask(files, argv)).warnings.map((warning) => warning.code)).toContain(code);
  });

  it('leaves other programs alone', async () => {
    const { paths, warnings } = await ask({ '/bin/tool': program(buildElf(PROGRAM)) }, ['/bin/tool'], {
      root: '/bin/tool',
    });
    expect([...paths]).toEqual(['/bin/tool']);
    expect(warnings).toEqual([]);
  });

  it('answers for an assembly that a script starts', async () => {
    const { because } = await ask(SHOP, ['/start.sh'], { root: '/app/shop.dll' });
    expect(because(`${ROOT}/dotnet`)).toBe('the host that can start it');
    expect(because(`${CORE}/System.Runtime.dll`)).toBe('referenced by shop.dll');
  });

  it('takes only what a loose assembly refers to', async () => {
    const { paths } = await ask(
      {
        '/opt/a.dll': dll({ name: 'a', references: ['b'] }),
        '/opt/b.dll': dll({ name: 'b' }),
        '/opt/c.dll': dll({ name: 'c' }),
        '/opt/libcoreclr.so': buildElf(),
      },
      ['/start.sh'],
      { root: '/opt/a.dll' },
    );
    expect([...paths].sort()).toEqual(['/opt/a.dll', '/opt/b.dll']);
  });

  it('reads hostile lists without leaving the folder', async () => {
    const deps = listing(
      'shop',
      { runtime: ['shop.dll'] },
      { x: { runtime: { 'a/b.dll': { localPath: '../../etc/passwd' } } }, y: 3 },
    );
    const { paths } = await ask({ ...SHOP, '/etc/passwd': 'root', '/app/shop.deps.json': deps });
    expect(paths).not.toContain('/etc/passwd');
  });
});
