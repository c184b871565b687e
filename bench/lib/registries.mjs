import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from './daemon.mjs';
import { cli, installed, root } from './measure.mjs';

/** `docker-registry` of Debian, on a free port of this machine, with its blobs below `dir`. */
export async function dockerRegistry(dir) {
  if (!installed('docker-registry')) throw new Error('docker-registry is missing: apt-get install docker-registry');
  const host = `127.0.0.1:${freePort()}`;
  const data = join(dir, 'data');
  const config = join(dir, 'config.json');
  mkdirSync(data, { recursive: true });
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
      http: { addr: host },
    }),
  );
  return serving({ args: ['serve', config], data, dir, host, program: 'docker-registry' });
}

/** `tare registry serve`, likewise. */
export async function tareRegistry(dir) {
  const host = `127.0.0.1:${freePort()}`;
  const data = join(dir, 'data');
  const args = [cli, 'registry', 'serve', '--addr', host, '--storage', data];
  return serving({ args, data, dir, host, program: process.execPath });
}

async function serving({ args, data, dir, host, program }) {
  // Settings of docker-registry may come from REGISTRY_…, which other tools use as well.
  const env = { REGISTRY_AUTH_FILE: undefined, TARE_HOME: join(dir, 'home') };
  const answers = () => answersAt(host);
  const { close, pid } = await startDaemon({ answers, args, dir, env, program });
  return {
    host,
    close,
    /** Most resident memory so far, in bytes. */
    peak: () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024,
    /** Forgets all images. docker-registry looks at its files for each request. */
    empty: () => {
      for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true, force: true });
    },
  };
}

/** In a process of its own: this one is waiting. */
function answersAt(host) {
  return node(`fetch('http://${host}/v2/').then(({ status }) => process.exit(status === 200 ? 0 : 1))`).status === 0;
}

function freePort() {
  const { stdout } = node(
    `const s = require('node:net').createServer(); s.listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })`,
  );
  return Number(stdout);
}

const node = (script) => spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });

/** The crane of script/crane, or of PATH. */
export function findCrane() {
  const made = join(root, '.tools/crane');
  if (existsSync(made)) return made;
  return installed('crane') ? 'crane' : undefined;
}
