import { execFileSync } from 'node:child_process';
import { copyFileSync, chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostPath, parentOf, pathOfText, type TreePath } from '../../../src/base/path.ts';
import type { Warning } from '../../../src/base/events.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { dotnetAnalyser } from '../../../src/evidence/dotnet/index.ts';
import { elfAnalyser } from '../../../src/evidence/elf/index.ts';
import { dotnetManifests } from '../../../src/evidence/rules/dotnet-manifests.ts';
import { keptPrograms } from '../../../src/evidence/rules/kept-programs.ts';
import { shellAnalyser } from '../../../src/evidence/shell/index.ts';
import type { EvidenceGraph, ProcessContext } from '../../../src/evidence/types.ts';
import { readMetadataFrom } from '../../../src/formats/ecma335/index.ts';
import { readPeFrom } from '../../../src/formats/pe/index.ts';
import type { Entry } from '../../../src/tree/types.ts';
import { type DotnetSdk, dotnetSdk } from '../../helpers/dotnet-sdk.ts';
import { mountedTree } from '../../helpers/mounted-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { sandboxIn } from '../../helpers/sandboxes.ts';
import { tempDir } from '../../helpers/temp.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/aspnet', import.meta.url));
const LIB = '/usr/lib/x86_64-linux-gnu';
const MINUTES = 60_000; // ms
/** What another tool leaves of the same application, every endpoint probed: bytes on disk. */
const RIVAL_BYTES = 100_700_000;

const sdk = process.platform === 'linux' && process.arch === 'x64' ? dotnetSdk() : undefined;

/** `dotnet publish` of the example. */
function publish({ dir, openssl }: DotnetSdk): string {
  const out = join(tempDir(), 'app');
  const env = { ...process.env, LD_LIBRARY_PATH: openssl };
  execFileSync(join(EXAMPLE, 'publish'), [dir, out], {
    env,
    timeout: 5 * MINUTES,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return out;
}

function machineWith({ dir, openssl }: DotnetSdk, app: string) {
  return mountedTree({
    '/usr/share/dotnet': dir,
    '/app': app,
    [`${LIB}/libssl.so.1.1`]: join(openssl, 'libssl.so.1.1'),
    [`${LIB}/libcrypto.so.1.1`]: join(openssl, 'libcrypto.so.1.1'),
  });
}

async function evidenceOf(machine: ReturnType<typeof mountedTree>, context: ProcessContext) {
  const { content, tree } = machine;
  const warnings: Warning[] = [];
  const { graph, ...found } = await collect({
    tree,
    content,
    analysers: [elfAnalyser(), shellAnalyser(), dotnetAnalyser()],
    roots: [
      { root: 'entrypoint', path: pathOfText(context.argv[0] ?? ''), kind: 'entrypoint', because: 'started', context },
    ],
    ctx: { concurrency: 4, signal: new AbortController().signal, onEvent: () => {} },
  });
  const input = { tree, content, graph, context, options: { user: '' }, warn: (item: Warning) => warnings.push(item) };
  const { add } = await dotnetManifests.apply({ ...input, programs: keptPrograms(input) });
  return { graph, add, warnings: [...found.warnings, ...warnings] };
}

/** Copies what is kept. @returns bytes of content */
function writeRoot(
  root: string,
  machine: ReturnType<typeof mountedTree>,
  { graph, add }: { graph: EvidenceGraph; add: readonly { entry: Entry }[] },
): number {
  let size = 0;
  const made = new Map(add.map(({ entry }) => [entry.path, entry]));
  for (const path of [...new Set(graph.edges.map((edge) => edge.to))].sort()) {
    const entry = made.get(path) ?? machine.tree.get(path);
    const place = hostPath(root, path) as string;
    if (entry === undefined || machine.tree.resolve(parentOf(path))?.entry.path !== parentOf(path)) continue;
    mkdirSync(entry.type === 'directory' ? place : dirname(place), { recursive: true });
    if (entry.type === 'symlink') symlinkSync(entry.link ?? '', place);
    if (entry.type !== 'file') continue;
    if (entry.content?.in === 'memory') writeFileSync(place, entry.content.bytes);
    else copyFileSync(machine.hostPath(path), place);
    chmodSync(place, entry.mode);
    size += entry.size;
  }
  for (const folder of ['tmp', 'proc', 'dev', 'sys']) mkdirSync(join(root, folder), { recursive: true });
  return size;
}

describe.skipIf(sdk === undefined)('an ASP.NET Core application on a real SDK', () => {
  const context = {
    argv: ['/usr/share/dotnet/dotnet', 'aspnet.dll'],
    env: { ASPNETCORE_URLS: 'http://127.0.0.1:8080' },
    cwd: pathOfText('/app'),
  };

  it.skipIf(!needs('crun'))('runs on what the evidence keeps, every endpoint', { timeout: 10 * MINUTES }, async () => {
    const machine = machineWith(sdk as DotnetSdk, publish(sdk as DotnetSdk));
    const evidence = await evidenceOf(machine, context);
    const root = join(tempDir(), 'root');
    const size = writeRoot(root, machine, evidence);
    mkdirSync(join(root, 'app/wwwroot'), { recursive: true });
    copyFileSync(join(EXAMPLE, 'wwwroot/hello.txt'), join(root, 'app/wwwroot/hello.txt'));
    expect(size).toBeLessThan(0.8 * RIVAL_BYTES);
    expect(evidence.add.map(({ entry }) => entry.path)).toEqual(
      ['Microsoft.AspNetCore.App', 'Microsoft.NETCore.App'].map(
        (name) => `/usr/share/dotnet/shared/${name}/3.1.2/${name}.deps.json`,
      ),
    );
    // The library that traces with LTTng is an option, and LTTng is hardly anywhere.
    expect(evidence.warnings.filter(({ message }) => !message.includes('lttng'))).toEqual([]);

    const { sandbox } = await sandboxIn();
    const running = await sandbox.start({
      rootfs: root,
      args: context.argv,
      env: ['PATH=/usr/bin', 'ASPNETCORE_URLS=http://0.0.0.0:8080'],
      cwd: '/app',
      user: '',
      readOnly: false,
      network: { kind: 'private', publish: [{ host: 0, container: 8080 }] },
      mounts: [],
      stdio: 'pipe',
    });
    let output = '';
    const reading = (async () => {
      for await (const { bytes } of running.output) output += Buffer.from(bytes).toString('utf8');
    })();
    try {
      await listening(running, () => output);
      const get = async (path: string): Promise<string> =>
        (await fetch(`http://127.0.0.1:${running.ports[0]?.host}${path}`)).text();
      expect(JSON.parse(await get('/status'))).toEqual({ status: 'OK' });
      expect(await get('/hash?text=a')).toContain('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
      expect(await get('/time?at=100')).toContain('Thursday, 01 January 1970');
      expect(await get('/hello.txt')).toBe('Hello from a static file.\n');
    } finally {
      await running.stop(2000);
      await reading;
    }
  });

  it('says why a file is kept', { timeout: 10 * MINUTES }, async () => {
    const machine = machineWith(sdk as DotnetSdk, publish(sdk as DotnetSdk));
    const { graph } = await evidenceOf(machine, context);
    const shared = '/usr/share/dotnet/shared/Microsoft.NETCore.App/3.1.2';
    const last = (path: string) => graph.chain(path as TreePath).at(-1)?.because;
    expect(last(`${shared}/libhostpolicy.so`)).toBe('Microsoft.NETCore.App 3.1.2, as asked for');
    expect(last('/usr/share/dotnet/shared/Microsoft.AspNetCore.App/3.1.2/Microsoft.AspNetCore.App.deps.json')).toBe(
      'Microsoft.AspNetCore.App 3.1.2, chosen for 3.1.0 by roll-forward LatestPatch',
    );
    expect(last('/usr/share/dotnet/shared/Microsoft.AspNetCore.App/3.1.2/Microsoft.AspNetCore.StaticFiles.dll')).toBe(
      'referenced by aspnet.dll',
    );
    expect(last(`${LIB}/libssl.so.1.1`)).toMatch(/^opens libssl\.so\.1\.1 for cryptography and TLS, found in /);
    for (const path of ['System.Drawing.Common.dll', 'Microsoft.AspNetCore.Mvc.Core.dll'])
      expect(graph.has(`/usr/share/dotnet/shared/Microsoft.AspNetCore.App/3.1.2/${path}` as TreePath)).toBe(false);
  });

  it('reads every assembly of the SDK', { timeout: 2 * MINUTES }, async () => {
    const { content, tree } = machineWith(sdk as DotnetSdk, EXAMPLE);
    let assemblies = 0;
    for (const name of readdirSync((sdk as DotnetSdk).dir, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.dll')) continue;
      const entry = tree.get(pathOfText(`/usr/share/dotnet/${name}`)) as Entry;
      const read = (offset: number, size: number) => content.read(entry, { offset, size });
      const { cli } = await readPeFrom(read, entry.size);
      if (cli === undefined) continue;
      assemblies += 1;
      const { assembly, references } = await readMetadataFrom(read, cli.metadata);
      const [stem = ''] = name.split('/').at(-1)?.split('.resources.dll') ?? [];
      expect(name.toLowerCase()).toContain((assembly?.name ?? stem).toLowerCase().split('.')[0]);
      if (name.startsWith('shared/') && assembly?.name !== 'System.Private.CoreLib')
        expect(references.length).toBeGreaterThan(0);
    }
    expect(assemblies).toBeGreaterThan(500);
  });
});

async function listening(running: { connects(port: number): Promise<boolean> }, output: () => string): Promise<void> {
  for (let left = 300; left > 0; left--) {
    if (await running.connects(8080)) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  throw new Error(`nobody listens on port 8080:\n${output()}`);
}
