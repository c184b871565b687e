import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gatewaySystem, PATHS } from '../lib/gateway-system.mjs';
import { installed, interleaved, median, run as command } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const script = fileURLToPath(new URL('../lib/gateway-load.lua', import.meta.url));
const CONNECTIONS = 50;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const WARM_UP_SECONDS = Math.min(10, SECONDS);
const MAX_TURNS = 2;
const MAX_START_SECONDS = 10;
/** Of the 99th percentile: what a load of the same images varies by anyway. */
const MAX_RATIO = 1.1;
const SIDES = { original: [], shrunk: ['--shrunk'] };

/** The system of examples/gateway and the shrunk one, started in turn and asked by 50 clients at once through the gateway; and how long it takes to start. */
export async function run({ log, runs, work }) {
  if (!installed('wrk')) throw new Error('wrk is missing: apt-get install wrk');
  const system = gatewaySystem(work);
  process.once('exit', system.down);
  const load = (url, seconds) => {
    const args = [
      '-t1',
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      '--timeout',
      '10s',
      '-s',
      script,
      url,
      '--',
      system.token,
    ];
    return JSON.parse(
      command('wrk', [...args, ...PATHS])
        .trim()
        .split('\n')
        .at(-1),
    );
  };
  const seen = { original: [], shrunk: [] };
  const starts = { original: [], shrunk: [] };
  const turnOf = (name) => () => {
    const { seconds, url } = system.up(...SIDES[name]);
    starts[name].push(seconds);
    try {
      load(url, WARM_UP_SECONDS);
      const result = load(url, SECONDS);
      seen[name].push({ ...result, rate: result.requests / (result.us / 1e6) });
      log(`${name}: up after ${seconds.toFixed(1)} s; ${JSON.stringify(seen[name].at(-1))}`);
      return result.p99;
    } finally {
      system.down();
    }
  };
  try {
    // With one turn alone nothing would have been started twice.
    await interleaved(
      { original: turnOf('original'), shrunk: turnOf('shrunk') },
      Math.max(2, Math.min(runs, MAX_TURNS)),
    );
  } finally {
    process.removeListener('exit', system.down);
    system.down();
  }
  const compared = (subject, unit, of, target) => {
    const [values, peerValues] = [seen.shrunk.map(of), seen.original.map(of)];
    return row({
      subject,
      unit,
      value: median(values),
      values,
      peer: 'original',
      peerValue: median(peerValues),
      peerValues,
      ...(target === undefined ? {} : { target }),
    });
  };
  const start = (subject, of) =>
    row({
      subject,
      unit: 's',
      value: of(starts.shrunk),
      peer: 'original',
      peerValue: of(starts.original),
      target: { of: 'value', atMost: MAX_START_SECONDS },
    });
  const errors = [...seen.original, ...seen.shrunk].reduce((sum, each) => sum + each.errors, 0);
  return {
    details: { connections: CONNECTIONS, seconds: SECONDS, paths: PATHS, ...seen },
    rows: [
      // The first start unpacks the layers.
      start('up, unpacked before', (times) => Math.max(...times.slice(1))),
      start('up for the first time', ([first]) => first),
      compared('requests', '/s', ({ rate }) => rate),
      compared('half of them within', 'ms', ({ p50 }) => p50 / 1000),
      compared('99 % of them within', 'ms', ({ p99 }) => p99 / 1000, { of: 'ratio', atMost: MAX_RATIO }),
      row({ subject: 'errors of both', unit: '', value: errors, target: { of: 'value', atMost: 0 } }),
    ],
  };
}
