import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1234:2345:An app:/home/app:/bin/sh
nobody:x:65534:65534::/:/bin/false
`;
const GROUP = `root:x:0:
app:x:2345:
staff:x:50:app,other
games:x:60:other,app
nogroup:x:65534:
`;

/** Answers `{"status":"OK","pid":…}` at /status on PORT (8080), 503 at /broken, and says so on stdout. */
const SERVER = `
import { createServer } from 'node:http';
const port = Number(process.env.PORT ?? 8080);
const server = createServer((request, response) => {
  const ok = request.url.startsWith('/status');
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'x-powered-by': 'tare-test' });
  response.end(JSON.stringify({ status: ok ? 'OK' : 'DOWN', pid: process.pid, host: request.headers.host, tags: ['a', 'b'] }));
});
server.listen(port, process.env.ADDRESS ?? '0.0.0.0', () => console.log('listening on ' + port));
process.on('SIGTERM', () => { console.log('bye'); process.exit(42); });
`;

/** A root file system that holds this machine's Node, the libraries that it loads, and a small server. Never changed by those who run it. */
export function makeNodeRoot(): { readonly dir: string; remove(): void } {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'tare-root-')));
  chmodSync(top, 0o755);
  const dir = join(top, 'root');
  for (const folder of ['bin', 'etc', 'app', 'root', 'home/app'])
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o755 });
  mkdirSync(join(dir, 'tmp'));
  chmodSync(join(dir, 'tmp'), 0o1777);
  place(process.execPath, join(dir, 'bin/node'));
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, path = ''] of libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) place(path, join(dir, path));
  writeFileSync(join(dir, 'etc/passwd'), PASSWD);
  writeFileSync(join(dir, 'etc/group'), GROUP);
  writeFileSync(join(dir, 'app/server.mjs'), SERVER);
  return { dir, remove: () => rmSync(top, { recursive: true, force: true }) };
}

/** A copy, never a hard link: tests change owners. */
function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
}
