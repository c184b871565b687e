import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeManyFiles } from '../lib/context.mjs';
import { interleaved, root, run as command } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const FILES = 50_000;
/** A file that was written just now may be written again without a change of its times, and is not remembered. */
const SETTLING_MS = 3000;

/** A context of 50,000 files: looked at and hashed, and then again with nothing changed. */
export async function run({ log, runs, work }) {
  const dir = join(work, 'many');
  mkdirSync(dir);
  writeManyFiles(dir, FILES);
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const home = join(work, 'home');
  const measured = () =>
    JSON.parse(command(process.execPath, [join(root, 'bench/lib/context-child.mjs'), dir, home])).seconds;
  const times = await interleaved(
    {
      first: () => {
        rmSync(home, { recursive: true, force: true });
        return measured();
      },
      again: measured,
    },
    runs,
  );
  for (const [name, { values }] of Object.entries(times))
    log(`${name}: ${values.map((value) => value.toFixed(2)).join(' ')}`);
  const rowOf = (subject, { median, values }, atMost) =>
    row({ subject, value: median, values, unit: 's', target: { of: 'value', atMost } });
  return {
    rows: [rowOf('50k files, hashed', times.first, 3), rowOf('50k files, unchanged', times.again, 0.7)],
    details: { seconds: times },
  };
}
