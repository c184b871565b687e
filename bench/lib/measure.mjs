import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const cli = join(root, 'dist/cli/main.js');

/** Runs the subjects in turn, `runs` times, so that whatever else the machine does hits them alike. Returns the medians. */
export async function interleaved(subjects, runs) {
  const seen = new Map(Object.keys(subjects).map((name) => [name, []]));
  for (let turn = 0; turn < runs; turn++) {
    for (const [name, subject] of Object.entries(subjects)) {
      seen.get(name).push(await subject(turn));
      // Signals come between two subjects: a build that is waited for keeps them off.
      await setImmediate();
    }
  }
  return Object.fromEntries([...seen].map(([name, values]) => [name, { median: median(values), values }]));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs a command and returns its standard output. @throws when it fails */
export function run(command, args, options = {}) {
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Seconds of wall time. */
export function seconds(command, args, options = {}) {
  const began = performance.now();
  run(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  return (performance.now() - began) / 1000;
}

export function tare(home, ...args) {
  return run(process.execPath, [cli, ...args], { env: { ...process.env, TARE_HOME: home } });
}

export function installed(...tools) {
  return tools.every((tool) =>
    (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, tool))),
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
