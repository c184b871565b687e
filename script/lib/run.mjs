// Foreign programs, one after the other, and their end when this one is asked to stop.
import { spawn } from 'node:child_process';

/** How much of a failed command's output is shown, in characters. */
const TAIL = 4000;
let running;
let stopped = false;

/**
 * Runs a program to its end and returns what it printed; `codes` are the exit codes that are no failure. @throws Error when it fails, with the end of its
 * output
 */
export function run(argv, { codes = [0], ...options } = {}) {
  return new Promise((resolve, reject) => {
    if (stopped) throw new Error('stopped');
    const child = spawn(argv[0], argv.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    const out = [];
    let tail = '';
    child.stdout.on('data', (chunk) => out.push(chunk));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        tail = (tail + chunk).slice(-TAIL);
      });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (codes.includes(code)) return resolve(Buffer.concat(out).toString());
      if (stopped) return reject(new Error('stopped'));
      const line = argv.join(' ').replace(/\s+/g, ' ');
      reject(new Error(`ended with ${signal ?? code}: ${line.slice(0, 400)}\n${tail}`));
    });
  });
}

/** Ends what runs and starts nothing more; `unshare --kill-child` takes along what runs inside. */
export function stopRunning() {
  stopped = true;
  running?.kill('SIGTERM');
}
