import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, installed, interleaved, run as command, seconds } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const RUNS = 40;

/** `tare --version` beyond bare Node. */
export async function run({ work }) {
  const node = [process.execPath, '-e', '0'];
  const version = [process.execPath, cli, '--version'];
  const times = installed('hyperfine') ? hyperfine(work, { node, version }) : await loop({ node, version });
  const [plain, ours] = [times.node * 1000, times.version * 1000];
  return {
    rows: [
      row({
        subject: 'tare --version beyond node -e 0',
        value: ours - plain,
        unit: 'ms',
        target: { of: 'value', atMost: 60 },
      }),
      row({ subject: 'tare --version', peer: 'node -e 0', value: ours, peerValue: plain, unit: 'ms' }),
    ],
  };
}

/** Medians in seconds. */
function hyperfine(work, commands) {
  const out = join(work, 'start.json');
  const texts = Object.values(commands).map((argv) => argv.map((part) => `'${part}'`).join(' '));
  command('hyperfine', ['-N', '--warmup', '5', '--runs', String(RUNS), '--export-json', out, ...texts]);
  const { results } = JSON.parse(readFileSync(out, 'utf8'));
  return Object.fromEntries(Object.keys(commands).map((name, index) => [name, results[index].median]));
}

async function loop(commands) {
  const subjects = Object.fromEntries(
    Object.entries(commands).map(([name, [program, ...args]]) => [name, () => seconds(program, args)]),
  );
  const times = await interleaved(subjects, RUNS);
  return Object.fromEntries(Object.entries(times).map(([name, { median }]) => [name, median]));
}
