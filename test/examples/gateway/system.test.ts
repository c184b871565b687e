import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { StatusAnswer } from '../../../src/systems/control.ts';
import type { SystemVerification } from '../../../src/systems/prove/verify.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { scratchFolder } from '../../helpers/watched-cli.ts';

const FOLDER = fileURLToPath(new URL('../../../examples/gateway', import.meta.url));
/** The TARE_HOME that script/gateway and `tare shrink -f examples/gateway/compose.yaml` have filled: that takes minutes, and is not a test's work. */
const IMAGES = process.env['TARE_GATEWAY_HOME'];
const isOffered = IMAGES !== undefined && existsSync(join(IMAGES, 'index.json')) && needs('crun', 'unshare');

let scratch: string;
let home: string;
let which: readonly string[];
let token: string;

beforeAll(() => {
  scratch = scratchFolder();
  if (!isOffered || IMAGES === undefined) return;
  home = join(scratch, 'home');
  mkdirSync(home);
  for (const name of ['index.json', 'oci-layout', 'blobs'])
    cpSync(join(IMAGES, name), join(home, name), { recursive: true });
  const text = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8');
  const file = join(scratch, 'compose.yaml');
  // Nobody knows whether 8080 is free.
  writeFileSync(file, text.replace("'8080:8080'", "'127.0.0.1::8080'"));
  which = ['-f', file, '--project-directory', FOLDER];
  token = (parse(text) as { readonly 'x-tokens': { readonly good: string } })['x-tokens'].good;
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The process with which a container of this test began, by the name of its program. */
function firstOf(program: string): number {
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const [status, mounts] = ['status', 'mountinfo'].map((name) => readProc(`/proc/${pid}/${name}`));
    return (
      status?.startsWith(`Name:\t${program}\n`) === true &&
      /^NSpid:.*\t1$/m.test(status) &&
      mounts?.includes(scratch) === true
    );
  });
  if (found.length !== 1) throw new Error(`${found.length} containers run ${program}`);
  return Number(found[0]);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // Ended meanwhile.
  }
}

describe.skipIf(!isOffered)('the system of examples/gateway (TARE_GATEWAY_HOME)', () => {
  it('answers through the gateway; without its database with 503 and the request id, until that is back', async () => {
    const up = await tareJson<StatusAnswer>(['up', '-d', ...which, '--shrunk'], { home });
    try {
      const [{ address, host } = { address: '', host: 0 }] = up.ports;
      const ask = (path: string): Promise<Response> =>
        fetch(`http://${address}:${host}${path}`, {
          headers: { authorization: token, 'x-request-id': 'asked-by-a-test' },
        });
      for (const path of ['/status', '/version', '/customers/1', '/orders/1', '/pikachu', '/overview/1'])
        expect([path, (await ask(path)).status]).toEqual([path, 200]);
      process.kill(firstOf('postgres'), 'SIGKILL');
      let lost: Response | undefined;
      await until(async () => {
        const answer = await ask('/customers/1');
        if (answer.status === 503) lost = answer;
        return lost !== undefined;
      });
      expect(lost?.headers.get('x-request-id')).toBe('asked-by-a-test');
      expect((await ask('/status')).status).toBe(200);
      await until(async () => (await ask('/customers/1')).status === 200);
      const { replicas } = await tareJson<StatusAnswer>(['ps', ...which], { home });
      expect(replicas.find(({ service }) => service === 'db')).toMatchObject({ state: 'running', restarts: 1 });
    } finally {
      await tare(['down', ...which, '--volumes'], { home });
    }
    await until(async () => (await tare(['ps', ...which, '--json'], { home })).code !== 0);
  }, 240_000);

  it('answers the same when it is shrunk', async () => {
    const result = await tareJson<SystemVerification>(['verify', ...which, '--shrunk'], { home });
    expect(result.probes.filter(({ difference, ok }) => !ok || difference !== undefined)).toEqual([]);
    expect(result.ok).toBe(true);
  }, 300_000);
});
