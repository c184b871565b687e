#!/usr/bin/env node
// Measures tare side by side with whichever peers are installed: npm run bench -- [--runs N] [--of PREFIX] [CASE…]
// Prints one table and writes bench/results/CASE.json. Says what falls short; never fails because of a time.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { unmountBelow } from './lib/daemon.mjs';
import { printTable } from './lib/table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, of: { type: 'string', default: '' } },
});
const known = readdirSync(join(here, 'cases'))
  .map((name) => basename(name, '.mjs'))
  .filter((name) => name.startsWith(values.of));
const chosen = known.filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.error(`no such case; there are: ${known.join(' ')}`);
  process.exit(2);
}

// Ctrl-C takes effect when the build that is waited for has ended, and leaves nothing behind either.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.once(signal, () => process.exit(code));

const rows = [];
for (const name of chosen) {
  const { run } = await import(`./cases/${name}.mjs`);
  const work = mkdtempSync(join(tmpdir(), 'tare-bench-'));
  const clear = () => {
    unmountBelow(work);
    rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once('exit', clear);
  try {
    console.error(`${name} …`);
    const { details, rows: found } = await run({
      work,
      runs: Number(values.runs),
      log: (text) => console.error(`  ${text}`),
    });
    const named = found.map((row) => ({ case: name, ...row }));
    rows.push(...named);
    const machine = { cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), node: process.version };
    mkdirSync(join(here, 'results'), { recursive: true });
    const result = { case: name, machine, runs: Number(values.runs), rows: named, ...(details && { details }) };
    writeFileSync(join(here, 'results', `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    process.removeListener('exit', clear);
    clear();
  }
}
printTable(rows);
