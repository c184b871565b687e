import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parse } from 'yaml';
import { cli, root, run as command } from './measure.mjs';

const FOLDER = join(root, 'examples/gateway');
const HOWTO =
  'set TARE_GATEWAY_HOME to the TARE_HOME of its images; to make them: TARE_HOME=DIR script/gateway; TARE_HOME=DIR tare shrink -f examples/gateway/compose.yaml';
/** What GET answers with 200, with the token, and what no limit holds back. */
export const PATHS = ['/status', '/customers', '/customers/1', '/orders', '/orders/1', '/pikachu', '/overview/1'];

/**
 * The system of examples/gateway on a free port of loopback, from a home of its own in `work`: no root file systems are there yet. Start one of the two at a time.
 * @throws Error when the images are not there
 */
export function gatewaySystem(work) {
  const images = process.env.TARE_GATEWAY_HOME;
  if (images === undefined || !existsSync(join(images, 'index.json')))
    throw new Error(`no images of the gateway: ${HOWTO}`);
  const home = join(work, 'home');
  mkdirSync(home, { recursive: true });
  for (const name of ['index.json', 'oci-layout', 'blobs'])
    cpSync(join(images, name), join(home, name), { recursive: true });
  const names = readFileSync(join(home, 'index.json'), 'utf8');
  for (const name of ['gateway/gateway:latest', 'gateway/gateway:shrunk'])
    if (!names.includes(`"${name}"`)) throw new Error(`${images} has no ${name}: ${HOWTO}`);
  const text = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8');
  const file = join(work, 'compose.yaml');
  const changed = text.replace("'8080:8080'", "'127.0.0.1::8080'");
  if (changed === text) throw new Error(`${FOLDER}/compose.yaml publishes something else than 8080:8080`);
  writeFileSync(file, changed);
  const which = ['-f', file, '--project-directory', FOLDER, '-p', 'gateway-bench'];
  const env = { ...process.env, TARE_HOME: home };
  const tare = (...args) => command(process.execPath, [cli, ...args, ...which, '--json'], { env });
  let isUp = false;
  const down = () => {
    if (isUp) tare('down', '--volumes');
    isUp = false;
  };
  return {
    token: parse(text)['x-tokens'].good,
    /** Starts it with fresh volumes. @returns where it is, and the seconds until every path was answered. */
    up(...flags) {
      const began = performance.now();
      isUp = true;
      const [{ address, host }] = JSON.parse(tare('up', '-d', ...flags)).ports;
      const url = `http://${address}:${host}`;
      command(process.execPath, ['-e', ASK, parse(text)['x-tokens'].good, ...PATHS.map((path) => url + path)]);
      return { url, seconds: (performance.now() - began) / 1000 };
    },
    down,
  };
}

/** In a process of its own: this one is waiting. */
const ASK = `
const [token, ...urls] = process.argv.slice(1);
Promise.all(urls.map(async (url) => {
  const { status } = await fetch(url, { headers: { authorization: token } });
  if (status !== 200) throw new Error(url + ' is answered with ' + status);
}));
`;
