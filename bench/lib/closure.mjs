import { lstatSync, readFileSync, readlinkSync, openSync, readSync, closeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join, posix } from 'node:path';
import { writeFileSync } from 'node:fs';

/** Calls that name a file which has to be there. */
const CALLS = '%file,getdents64';

/**
 * The files that an image cannot do without, measured by something else than tare: strace over a chroot in which the image runs and answers the
 * probes; then links on the way, ELF interpreters and `#!` lines, which the kernel follows without a call. Bytes of regular files.
 * @param root an unpacked root file system, which is written to
 */
export function closureOf({ config, probes, root, work }) {
  const log = join(work, 'strace.log');
  const script = join(work, 'closure.sh');
  const argv = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(config.Env ?? [])];
  const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;
  const questions = probes.flatMap(({ http }) => (http === undefined ? [] : [http]));
  const port = questions[0]?.port ?? 8080;
  const curl = questions.map(({ method = 'GET', path, port: at, requestBody, requestHeaders = {} }) => {
    const headers = Object.entries(requestHeaders).flatMap(([name, value]) => ['-H', quote(`${name}: ${value}`)]);
    const body = requestBody === undefined ? [] : ['--data-binary', quote(requestBody)];
    return ['curl -s -o /dev/null -m 10 -X', method, ...headers, ...body, quote(`http://127.0.0.1:${at}${path}`)].join(
      ' ',
    );
  });
  const [uid, gid] = config.User ? ids(root, config.User) : [];
  const user = uid === undefined ? '' : `--setgid=${gid} --setuid=${uid}`;
  const cwd = config.WorkingDir || '/';
  // Nothing of the image is used to start it: unshare makes the chroot and executes the program.
  const start = `env -i ${env.map(quote).join(' ')} $(command -v unshare) --root=. --wd=${quote(cwd)} ${user} ${argv.map(quote).join(' ')}`;
  writeFileSync(
    script,
    [
      'ip link set lo up',
      `mount -t proc proc ${quote(join(root, 'proc'))}; mount --rbind /dev ${quote(join(root, 'dev'))}`,
      `cd ${quote(root)}`,
      `strace -f -qq -y -s 4096 -e signal=none -e trace=${CALLS},chroot -o ${quote(log)} ${start} >/dev/null 2>&1 &`,
      'traced=$!',
      `for try in $(seq 1 100); do curl -s -o /dev/null -m 5 http://127.0.0.1:${port}/ && break; sleep 0.2; done`,
      ...curl,
      'kill $traced; sleep 0.3; kill -9 -1 2>/dev/null; true',
    ].join('\n'),
  );
  spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', script], {
    stdio: 'ignore',
    timeout: 120_000,
  });
  return sizeOf(root, asked(readFileSync(log, 'latin1'), root));
}

/** `nobody` → `[65534, 65534]`, by the image's own names. */
function ids(root, user) {
  const [name, group] = user.split(':');
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}:`))
    ?.split(':');
  return [line?.[2] ?? name, group ?? line?.[3] ?? 0];
}

/** Paths inside the root that calls named with success, by processes below the chroot. */
function asked(log, root) {
  const paths = new Set();
  const inside = new Set();
  for (const line of log.split('\n')) {
    const match = /^(\d+) +(?:<\.\.\. )?(\w+)\(?(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid, call, rest] = match;
    if (call === 'chroot' && line.endsWith('= 0')) {
      inside.add(pid);
      continue;
    }
    // Children are born inside: any process but the first that writes a line after the chroot is one of them.
    if (inside.size === 0 || / = -1 /.test(rest) || /<unfinished/.test(rest)) continue;
    const folder = /^(?:AT_FDCWD|\d+)<([^>]*)>/.exec(rest)?.[1];
    for (const [, text] of rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
      const path = text.replaceAll(/\\([0-7]{1,3}|.)/g, (_, code) =>
        /^[0-7]/.test(code) ? String.fromCharCode(parseInt(code, 8)) : code,
      );
      if (path.startsWith('/')) paths.add(path);
      else if (folder?.startsWith(root)) paths.add(posix.join('/', folder.slice(root.length), path));
      if (call.startsWith('exec')) break;
    }
  }
  return paths;
}

/** As the kernel walks: every link on the way counts; so do the interpreters of what is executed. */
function sizeOf(root, paths) {
  const seen = new Map();
  const walk = (path, depth = 0) => {
    if (depth > 40) return;
    let at = '/';
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    for (const [index, part] of parts.entries()) {
      at = part === '..' ? posix.dirname(at) : posix.join(at, part);
      let stat;
      try {
        stat = lstatSync(join(root, at));
      } catch {
        return;
      }
      if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(at)) return;
      if (stat.isSymbolicLink()) {
        seen.set(at, 0);
        const target = posix.resolve(posix.dirname(at), readlinkSync(join(root, at)));
        return walk([target, ...parts.slice(index + 1)].join('/'), depth + 1);
      }
      if (stat.isFile() && !seen.has(at)) {
        seen.set(at, stat.size);
        for (const next of interpreters(join(root, at))) walk(next, depth + 1);
      }
    }
  };
  for (const path of paths) walk(path);
  return {
    files: seen.size,
    bytes: [...seen.values()].reduce((total, size) => total + size, 0),
    paths: [...seen.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

function interpreters(file) {
  const head = Buffer.alloc(4096);
  const handle = openSync(file, 'r');
  const length = readSync(handle, head, 0, head.length, 0);
  closeSync(handle);
  const text = head.toString('latin1', 0, length);
  if (text.startsWith('#!')) return [/^#!\s*(\S+)/.exec(text)?.[1] ?? '/'];
  const loader = text.startsWith('\x7fELF') ? /\/lib(?:64)?\/ld-[^\0]+/.exec(text)?.[0] : undefined;
  return loader === undefined ? [] : [loader];
}
