import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLayout } from '../lib/layout.mjs';
import { cli, run as command } from '../lib/measure.mjs';
import { dockerRegistry, tareRegistry } from '../lib/registries.mjs';
import { row } from '../lib/table.mjs';

const preload = fileURLToPath(new URL('../lib/peak.mjs', import.meta.url));
const BLOB_BYTES = 1e9;

/** Peak resident memory (VmHWM) of the process that ships an image of one blob of 1 GB, and of the server that takes and gives it. */
export async function run({ log, work }) {
  const layout = createLayout(join(work, 'layout'));
  layout.image('bench', [layout.layer(1, BLOB_BYTES, { gzip: false })]);
  layout.close();
  const peakFile = join(work, 'peak');
  const env = { ...process.env, TARE_HOME: join(work, 'home'), BENCH_PEAK: peakFile };
  const peakOf = (source, target) => {
    const began = performance.now();
    command(process.execPath, ['--import', preload, cli, 'copy', '-q', source, target], { env });
    const megabytes = Number(readFileSync(peakFile, 'utf8')) / 1e6;
    log(
      `${source.replace(/:.*/, '')} to ${target.replace(/:.*/, '')}: ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    return megabytes;
  };
  const limit = { unit: 'MB', target: { of: 'value', atMost: 200 } };
  const rows = [];
  const registry = await dockerRegistry(join(work, 'registry'));
  try {
    const image = `docker://${registry.host}/bench:1`;
    rows.push(
      row({ subject: 'one blob of 1 GB, push: peak', value: peakOf(`oci:${join(work, 'layout')}`, image), ...limit }),
      row({ subject: 'one blob of 1 GB, pull: peak', value: peakOf(image, `oci:${join(work, 'pulled')}`), ...limit }),
      row({ subject: 'one blob of 1 GB, pull into the store: peak', value: peakOf(image, 'bench'), ...limit }),
    );
  } finally {
    await registry.close();
  }
  const server = await tareRegistry(join(work, 'server'));
  try {
    const image = `docker://${server.host}/bench:1`;
    peakOf(`oci:${join(work, 'layout')}`, image);
    peakOf(image, `oci:${join(work, 'served')}`);
    rows.push(row({ subject: 'one blob of 1 GB, through the server: its peak', value: server.peak() / 1e6, ...limit }));
  } finally {
    await server.close();
  }
  return { rows };
}
