// node --import …/peak.mjs PROGRAM: writes the most memory that was resident (VmHWM, in bytes) into the file BENCH_PEAK when the program ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('exit', () => {
    const kibibytes = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    writeFileSync(process.env.BENCH_PEAK, String(Number(kibibytes) * 1024));
  });
