import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLayout } from '../lib/layout.mjs';
import { cli, interleaved, root, run as command, seconds } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const SHARED_LAYERS = 4;
const FILES_IN_LAYER = 24_000;
const FILES_ON_TOP = 4000;

/**
 * `tare diff` of two images of 100k files each that share four of their five layers: the first time with an empty TARE_HOME, with the indexes of layers that were
 * seen before, and again; and the most memory that `diff` and `layers` take.
 */
export async function run({ work, runs }) {
  const layout = join(work, 'layout');
  makeImages(layout);
  const home = join(work, 'home');
  const peak = join(work, 'peak');
  const env = { ...process.env, TARE_HOME: home, BENCH_PEAK: peak };
  const images = [`oci:${layout}:a`, `oci:${layout}:b`];
  const diff = () => seconds(process.execPath, [cli, 'diff', ...images], { env });
  const times = await interleaved(
    {
      first: () => {
        rmSync(home, { recursive: true, force: true });
        return diff();
      },
      known: () => {
        rmSync(join(home, 'tare/answers'), { recursive: true, force: true });
        return diff();
      },
      again: diff,
    },
    runs,
  );
  const memory = (...args) => {
    rmSync(home, { recursive: true, force: true });
    command(process.execPath, ['--import', join(root, 'bench/lib/peak.mjs'), cli, ...args], { env });
    return Number(readFileSync(peak, 'utf8')) / 1e6;
  };
  const timed = (subject, { median: value, values }, target) => row({ subject, value, values, unit: 's', target });
  const sized = (subject, value) => row({ subject, value, unit: 'MB', target: { of: 'value', atMost: 300 } });
  return {
    rows: [
      timed('two images of 100k files, first', times.first),
      timed('two images of 100k files, layers known', times.known, { of: 'value', atMost: 1.5 }),
      timed('two images of 100k files, again', times.again, { of: 'value', atMost: 0.5 }),
      sized('diff of them, memory', memory('diff', ...images)),
      sized('layers of one, memory', memory('layers', images[0])),
    ],
  };
}

function makeImages(dir) {
  const { close, filesLayer, image } = createLayout(dir);
  const shared = Array.from({ length: SHARED_LAYERS }, (_, layer) => filesLayer(files(layer, FILES_IN_LAYER, () => 0)));
  // Of ten files on top one is another one, and one is of one image alone.
  const a = filesLayer(files('top', FILES_ON_TOP, () => 0));
  const b = filesLayer(files('top', FILES_ON_TOP, (at) => (at % 10 === 0 ? 1 : at % 10 === 5 ? 2 : 0)));
  image('a', [...shared, a]);
  image('b', [...shared, b]);
  close();
}

function* files(name, count, kindOf) {
  for (let at = 0; at < count; at++) {
    const kind = kindOf(at);
    const path = `usr/share/part-${name}/folder-${at % 300}/file-${at}${kind === 2 ? '-new' : ''}.txt`;
    yield [path, `${name} ${at} ${kind === 1 ? 'another' : 'the same'}\n`.repeat(8)];
  }
}
