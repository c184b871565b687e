import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run as command } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const child = fileURLToPath(new URL('../lib/pack-child.mjs', import.meta.url));
const FILE_BYTES = 5e9;
const NOISE_BYTES = 256e6;
const TIME_LIMIT_MS = 10 * 60 * 1000;

/** Peak resident memory (VmHWM) of a process that packs one file of 5 GB: 256 MB of noise, the rest a hole. */
export async function run({ log, work }) {
  const dir = join(work, 'large');
  mkdirSync(dir);
  const fd = openSync(join(dir, 'file'), 'w');
  for (let done = 0; done < NOISE_BYTES; done += 1 << 20) writeSync(fd, noise(1 << 20, done + 1));
  ftruncateSync(fd, FILE_BYTES);
  closeSync(fd);
  const rows = [];
  const details = {};
  for (const compression of ['gzip:6', 'none']) {
    const home = join(work, compression);
    const said = JSON.parse(command(process.execPath, [child, dir, home, compression], { timeout: TIME_LIMIT_MS }));
    log(`${compression}: ${said.seconds.toFixed(0)} s`);
    const target = { of: 'value', atMost: 300 };
    rows.push(row({ subject: `5 GB, ${compression}: peak memory`, value: said.peak / 1e6, unit: 'MB', target }));
    details[compression] = said;
  }
  return { rows, details };
}

/** xorshift32: the same for each seed, and nothing that gzip could shorten. */
function noise(length, seed) {
  const out = new Uint32Array(length / 4);
  let state = seed;
  for (let at = 0; at < out.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[at] = state;
  }
  return new Uint8Array(out.buffer);
}
