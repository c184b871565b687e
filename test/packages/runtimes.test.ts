import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findRuntimes } from '../../src/packages/runtimes/index.ts';
import { memoryTree, type MemoryFile } from '../helpers/memory-tree.ts';
import { needs } from '../helpers/needs.ts';

/** So large that it can be a run time, with these texts in it. */
const binary = (...texts: readonly string[]): MemoryFile => {
  const content = Buffer.alloc(5.1e6);
  for (const [at, text] of texts.entries()) content.write(text, 3e6 + at * 1000, 'latin1');
  return { content, mode: 0o755 };
};
const found = async (files: Readonly<Record<string, MemoryFile>>): Promise<string[]> =>
  (await findRuntimes(memoryTree(files))).map(({ name, path, version }) => `${name} ${version} ${path}`);

describe('findRuntimes', () => {
  it.each([
    ['node', 'usr/local/bin/node', binary('https://nodejs.org/dist/node-v', 'x/node-v20.1.0/'), 'node 20.1.0'],
    ['node of a distribution', 'usr/lib/libnode.so.108', binary('\0v18.20.4\0'), 'node 18.20.4'],
    ['python', 'usr/bin/python3.11', binary('\x003.11.2\0'), 'python 3.11.2'],
    ['python between releases', 'usr/local/lib/libpython3.13.so.1.0', binary('\x003.13.0rc2+\0'), 'python 3.13.0rc2+'],
    ['ruby', 'usr/local/lib/libruby.so.3.3.4', binary('ruby 3.3.4 (2024-07-09 revision'), 'ruby 3.3.4'],
    ['php', 'usr/sbin/php-fpm8.2', binary('X-Powered-By: PHP/8.2.20'), 'php 8.2.20'],
    ['perl', 'usr/bin/perl', binary('\0v5.36.0\0'), 'perl 5.36.0'],
    ['.NET', 'usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.6/System.Private.CoreLib.dll', 'MZ', 'dotnet 8.0.6'],
    [
      'ASP.NET',
      'opt/shared/Microsoft.AspNetCore.App/9.0.0-rc.1.24452.1/Microsoft.AspNetCore.dll',
      'MZ',
      'aspnetcore 9.0.0-rc.1.24452.1',
    ],
    [
      'Java by its machine',
      'opt/java/lib/server/libjvm.so',
      binary('Server VM (21.0.3+9) for linux JRE (21.0.3+9-LTS), built'),
      'java 21.0.3',
    ],
    ['Java that does not tell', 'opt/java/lib/server/libjvm.so', 'ELF', 'java null'],
  ])('%s', async (_name, path, file, expected) => {
    const place = path.endsWith('.dll') ? `/${path.slice(0, path.lastIndexOf('/'))}` : `/${path}`;
    expect(await found({ [path]: file })).toEqual([`${expected} ${place}`]);
  });

  it.each([
    ['a script', 'usr/bin/node', { content: '#!/bin/sh\n# /node-v20.1.0', mode: 0o755 }],
    ['no program', 'app/node', { content: Buffer.alloc(6e6), mode: 0o755 }],
    ['not executable', 'usr/share/python3.11', { content: Buffer.alloc(6e6, '\x003.11.2\0'), mode: 0o644 }],
    ['a configuration tool', 'usr/bin/python3.11-config', binary('\x003.11.2\0')],
    ['a folder of another name', 'x/8.0.6/System.Private.CoreLib.dll', 'MZ'],
    ['a folder without a version', 'x/Microsoft.NETCore.App/latest/System.Private.CoreLib.dll', 'MZ'],
  ] as const)('%s is none', async (_name, path, file) => {
    expect(await found({ [path]: file })).toEqual([]);
  });

  it('names the program where the library of its release is there too', async () => {
    expect(
      await found({
        'usr/bin/python3.11': binary('\x003.11.2\0'),
        'usr/lib/libpython3.11.so.1.0': binary('\x003.11.2\0'),
        'usr/lib/libpython3.12.so.1.0': binary('\x003.12.4\0'),
      }),
    ).toEqual(['python 3.11.2 /usr/bin/python3.11', 'python 3.12.4 /usr/lib/libpython3.12.so.1.0']);
  });

  it('reads the release of a Java home, and names its launcher', async () => {
    const files = { 'opt/jdk/lib/server/libjvm.so': binary('JRE (1.2.3)'), 'opt/jdk/bin/java': '' };
    expect(await found({ ...files, 'opt/jdk/release': 'IMPLEMENTOR="x"\nJAVA_VERSION="21.0.3"\n' })).toEqual([
      'java 21.0.3 /opt/jdk/bin/java',
    ]);
    expect(await found({ ...files, 'opt/jdk/release': 'nothing' })).toEqual(['java 1.2.3 /opt/jdk/bin/java']);
    const old = { 'jdk/jre/lib/amd64/server/libjvm.so': '', 'jdk/release': 'JAVA_VERSION="1.8.0_402"\n' };
    expect(await found(old)).toEqual(['java 1.8.0_402 /jdk/jre/lib/amd64/server/libjvm.so']);
  });

  it('reads the framework that a self-contained program carries', async () => {
    const config = (frameworks: string): string =>
      `{"runtimeOptions":{"tfm":"net8.0","includedFrameworks":[${frameworks}]}}`;
    const [core, web] = [
      '{"name":"Microsoft.NETCore.App","version":"8.0.6"}',
      '{"name":"Microsoft.AspNetCore.App","version":"8.0.5"}',
    ];
    const path = 'app/web.runtimeconfig.json';
    expect(await found({ [path]: config(`${web},${core}`) })).toEqual([`dotnet 8.0.6 /${path}`]);
    expect(await found({ [path]: config('') })).toEqual([]);
    expect(
      await found({ [path]: '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}' }),
    ).toEqual([]);
  });

  const programs = ['node', 'perl', 'php', 'python3'] as const;
  const versionOf = {
    node: ['-p', 'process.versions.node'],
    perl: ['-e', 'printf "%vd", $^V'],
    php: ['-r', 'echo PHP_VERSION;'],
    python3: ['-c', 'import platform; print(platform.python_version())'],
  } as const;
  for (const program of programs) {
    const path = `/usr/bin/${program}`;
    it.skipIf(!needs(program) || !existsSync(path))(`agrees with ${program} itself`, async () => {
      const real = realpathSync(path);
      const [runtime] = await findRuntimes(memoryTree({ [real]: { content: readFileSync(real), mode: 0o755 } }));
      expect(runtime?.version).toBe(execFileSync(path, versionOf[program], { encoding: 'utf8' }).trim());
    });
  }
});
