import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './measure.mjs';

const START_MS = 30_000;
const STOP_MS = 20_000;

/**
 * Starts a daemon that keeps everything below `dir`, and waits until it answers. `close` ends it by its process id and takes its mounts away; `pid` is its id.
 * @param answers whether it can be used: may throw, which is a no
 * @throws with the end of its log when it does not start
 */
export async function startDaemon({ answers, args, dir, program, env = {} }) {
  mkdirSync(dir, { recursive: true });
  const logFile = join(dir, 'log');
  // A file: nobody reads a pipe while a build is waited for.
  const log = openSync(logFile, 'w');
  const daemon = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  const ended = new Promise((resolve) => {
    daemon.once('exit', resolve);
    daemon.once('error', resolve);
  });
  const onExit = () => daemon.kill('SIGKILL');
  // Before its folder is removed.
  process.prependOnceListener('exit', onExit);
  const close = async () => {
    process.removeListener('exit', onExit);
    if (daemon.pid !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGTERM');
      const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    unmountBelow(dir);
  };
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (isTrue(answers)) return { close, pid: daemon.pid };
    if (Date.now() > deadline || daemon.exitCode !== null || daemon.pid === undefined) {
      await close();
      throw new Error(`${program} does not start here: ${readFileSync(logFile, 'utf8').slice(-1000)}`);
    }
    await delay(100);
  }
}

/** What daemons and killed builds leave mounted, innermost first. */
export function unmountBelow(dir) {
  const targets = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
  for (const target of targets.reverse()) run('umount', [target]);
}

function isTrue(answers) {
  try {
    return answers() !== false;
  } catch {
    return false;
  }
}
