// Root file systems of Debian: made by mmdebstrap, changed by commands that run inside them in a mount and process namespace of their own,
// so that nothing stays mounted and no daemon stays behind. What reaches the network is lent for the time of a command and never stored.
import {
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { copyOf, ignoredIn } from './recipe.mjs';
import { run } from './run.mjs';

const MIRROR = 'http://deb.debian.org/debian';
const SECURITY = 'http://deb.debian.org/debian-security';

/** The sources of the machine's own apt for a suite: another mirror is configured there when the public one is out of reach. */
export function debianSources(suite) {
  const configured = configuredMirrors();
  const mirror = configured.find((uri) => /\/debian\/?$/.test(uri)) ?? MIRROR;
  const security = configured.find((uri) => /\/debian-security\/?$/.test(uri)) ?? SECURITY;
  return [
    `deb ${mirror} ${suite} main`,
    `deb ${mirror} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  ];
}

function configuredMirrors() {
  const dir = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : [])];
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .flatMap((line) => /^(?:URIs:|deb(?:\s+\[.*?\])?)\s+(\S+)/.exec(line)?.[1] ?? [])
    .filter((uri) => /^https?:\/\/[^@]+$/.test(uri));
}

const APT_CONF = `APT::Keep-Downloaded-Packages "false";
Acquire::GzipIndexes "true";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`;

/** `options`: more of mmdebstrap's own. A tar of what Docker's `debian` image is: minbase, no devices, no name of this machine, services not started on installation. */
export async function makeBase(suite, file, work, options = []) {
  const hook =
    'rm -f "$1/etc/hostname" && : >"$1/etc/resolv.conf" && chmod 644 "$1/etc/resolv.conf" && echo "127.0.0.1 localhost" >"$1/etc/hosts"';
  const argv = [
    'mmdebstrap',
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    '--skip=output/dev',
    `--customize-hook=${hook}`,
    ...options,
  ];
  await run([...argv, suite, file, ...debianSources(suite)]);
  // mmdebstrap takes its own policy-rc.d away at its end, after every hook.
  const more = join(work, 'more');
  mkdirSync(join(more, 'dev'), { recursive: true });
  mkdirSync(join(more, 'usr/sbin'), { recursive: true });
  writeFileSync(join(more, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  // As in Docker's image: package lists stay, compressed, until somebody removes them; archives and indexes of indexes do not.
  mkdirSync(join(more, 'etc/apt/apt.conf.d'), { recursive: true });
  writeFileSync(join(more, 'etc/apt/apt.conf.d/90small'), APT_CONF);
  await run([
    'tar',
    '--append',
    '--file',
    file,
    '--owner=0',
    '--group=0',
    '--directory',
    more,
    './dev',
    './usr/sbin/policy-rc.d',
    './etc/apt/apt.conf.d/90small',
  ]);
}

/**
 * COPY: files become root's, with modes 644 or 755, as a registry's copy of a checkout would have them. Sources are the project's, or with
 * `--from=npm:NAME@VERSION` a package's, which npm fetches with this machine's settings.
 */
export async function copyInto(root, rest, { project, work }) {
  const { from, sources, target } = copyOf(rest);
  const base = from === undefined ? project : await npmPackage(from, work);
  for (const source of sources) {
    const path = join(base, source);
    const isDir = lstatSync(path).isDirectory();
    const to = join(root, target, ...(!isDir && target.endsWith('/') ? [basename(source)] : []));
    mkdirSync(dirname(to), { recursive: true });
    const skip = isDir && from === undefined ? ignoredIn(project, source) : () => false;
    const before = existsSync(to) ? lstatSync(to) : undefined;
    cpSync(path, to, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      filter: (inner) => inner === path || !skip(inner),
    });
    owned(path, to, skip);
    // Copying into a folder is no change to the folder.
    if (isDir && before !== undefined) chmodSync(to, before.mode);
  }
}

/** The folder of an unpacked npm package, `NAME@VERSION`. */
export async function npmPackage(spec, work) {
  const dir = join(work, 'npm', spec.replaceAll('/', '+'));
  if (existsSync(join(dir, 'package'))) return join(dir, 'package');
  mkdirSync(dir, { recursive: true });
  await run(['npm', 'pack', '--silent', '--pack-destination', dir, spec], { cwd: dir });
  const archive = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  await run(['tar', '--extract', '--no-same-owner', '--file', join(dir, archive), '--directory', dir]);
  return join(dir, 'package');
}

/** Only what was copied: the target may be a folder that holds more. */
function owned(from, to, skip) {
  const stat = lstatSync(from);
  lchownSync(to, 0, 0);
  if (stat.isSymbolicLink()) return;
  chmodSync(to, stat.isDirectory() || (stat.mode & 0o111) !== 0 ? 0o755 : 0o644);
  if (!stat.isDirectory()) return;
  for (const name of readdirSync(from)) if (!skip(join(from, name))) owned(join(from, name), join(to, name), skip);
}

// /mnt is empty in Debian and nothing installs into it: what is lent lies there, in memory.
const ENTER = `
set -eu
root=$1 lent=$2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/mnt"
cp -r "$lent" "$root/mnt/host"
if [ -e /etc/resolv.conf ]; then mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"; fi
mount --bind /etc/hosts "$root/etc/hosts"
cd "$root"
exec chroot . /bin/sh -c "cd '$3' && $4"
`;

/** RUN: a shell line inside `root` with the environment `env` (KEY=value) and the network of this machine. */
export async function runInside(root, line, { env, cwd, work }) {
  const lent = join(work, 'host');
  await lend(lent);
  mkdirSync(join(root, cwd), { recursive: true });
  const own = Object.fromEntries(
    env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  await run(
    [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--propagation',
      'private',
      '/bin/sh',
      '-c',
      ENTER,
      'sh',
      root,
      lent,
      cwd,
      line,
    ],
    {
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        ...networkEnv(),
        ...own,
      },
    },
  );
}

const CA = '/etc/ssl/certs/ca-certificates.crt';

/** Package managers are told by variables where the lent settings lie: an image keeps no trace of those. */
function networkEnv() {
  // PIP_FIND_LINKS is mostly a folder of this machine.
  const passed = Object.entries(process.env).filter(
    ([key]) =>
      /^(https?_proxy|no_proxy|all_proxy|PIP_.*|NPM_CONFIG_.*|GOPROXY)$/i.test(key) && key !== 'PIP_FIND_LINKS',
  );
  return {
    ...Object.fromEntries(passed),
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C.UTF-8',
    APT_CONFIG: '/mnt/host/apt.conf',
    PIP_CONFIG_FILE: '/mnt/host/pip.conf',
    PIP_ROOT_USER_ACTION: 'ignore',
    NPM_CONFIG_USERCONFIG: '/mnt/host/npmrc',
    ...(existsSync(CA)
      ? {
          SSL_CERT_FILE: '/mnt/host/ca.crt',
          PIP_CERT: '/mnt/host/ca.crt',
          NODE_EXTRA_CA_CERTS: '/mnt/host/ca.crt',
          NPM_CONFIG_CAFILE: '/mnt/host/ca.crt',
        }
      : {}),
  };
}

async function lend(dir) {
  if (existsSync(dir)) return;
  mkdirSync(dir);
  const first = (...files) =>
    files.filter((file) => file !== undefined && existsSync(file)).map((file) => readFileSync(file, 'utf8'))[0] ?? '';
  const apt = existsSync('/usr/bin/apt-config') ? await run(['apt-config', 'dump', 'Acquire']) : '';
  // The kinds of index are the image's own affair: the machine may fetch icons and translations.
  const lines = apt.split('\n').filter((line) => line !== '' && !line.startsWith('Acquire::IndexTargets'));
  writeFileSync(
    join(dir, 'apt.conf'),
    `${lines.join('\n')}\nAcquire::https::CaInfo "/mnt/host/ca.crt";\nAPT::Color "0";\nDpkg::Use-Pty "0";\nquiet "2";\n`,
  );
  writeFileSync(join(dir, 'ca.crt'), first(CA));
  writeFileSync(
    join(dir, 'pip.conf'),
    first(process.env.PIP_CONFIG_FILE, join(homedir(), '.config/pip/pip.conf'), '/etc/pip.conf').replace(
      /^\s*cert\s*=.*$/gm,
      '',
    ),
  );
  writeFileSync(join(dir, 'npmrc'), first(process.env.NPM_CONFIG_USERCONFIG, join(homedir(), '.npmrc')));
}
