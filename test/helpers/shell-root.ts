import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const PROGRAMS =
  'sh true false ls cp mv rm ln chmod chown mkdir cat touch stat dd sleep id mkfifo mknod find tr sha256sum head setcap getcap setfattr env'.split(
    ' ',
  );
const FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');

/** A root file system with this machine's shell and a few small programs, and no more: no /proc, no /etc/hosts. Never changed by those who run it. */
export function makeShellRoot(): { readonly dir: string; remove(): void } {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'tare-root-')));
  chmodSync(top, 0o755);
  const dir = join(top, 'root');
  for (const folder of ['bin', 'etc', 'data/sub/deep', 'data/old'])
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o755 });
  mkdirSync(join(dir, 'tmp'));
  chmodSync(join(dir, 'tmp'), 0o1777);
  for (const name of PROGRAMS) placeProgram(name, dir);
  writeFileSync(join(dir, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n');
  writeFileSync(join(dir, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
  for (const name of ['data/a', 'data/b', 'data/sub/c', 'data/sub/deep/d', 'data/old/e'])
    writeFileSync(join(dir, name), `${name}\n`);
  execFileSync('find', [dir, '-exec', 'touch', '-h', '-d', '@1600000000', '{}', '+']);
  return { dir, remove: () => rmSync(top, { recursive: true, force: true }) };
}

/** A program of this machine in `dir`/bin, with the libraries that it loads. Left out when it is not there. */
export function placeProgram(name: string, dir: string): void {
  const path = FOLDERS.map((folder) => join(folder, name)).find((each) => existsSync(each));
  if (path === undefined) return;
  copyFileSync(realpathSync(path), join(dir, 'bin', basename(path)));
  chmodSync(join(dir, 'bin', name), 0o755);
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' });
  for (const [, library = ''] of libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
    mkdirSync(join(dir, dirname(library)), { recursive: true, mode: 0o755 });
    if (!existsSync(join(dir, library))) copyFileSync(library, join(dir, library));
  }
}
