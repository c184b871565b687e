import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunConfig } from '../../src/oci/types.ts';
import { openStore } from '../../src/store/index.ts';
import { cleanEnvironment, execute, MAIN, type Answer } from './cli.ts';
import { makeImage, type LayerEntry } from './images.ts';
import { leftoversBelow, until } from './leftovers.ts';
import { unprivileged } from './script-process.ts';

const BUSYBOX = '/bin/busybox';

/** A home with images of busybox, and a folder for what runs. Everything that is started in it can be found by its path. */
export interface Bench {
  readonly home: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  /** What stands in front of tare, and whose folders are. */
  readonly front: readonly string[];
  own(dir: string): void;
  addImage(name: string, config?: RunConfig, more?: readonly LayerEntry[]): Promise<void>;
  remove(): void;
}

const NOBODY = { user: 'nobody', uid: 65534, gid: 65534 };

/**
 * Make it in `beforeAll`: a store with `box:1`, which has busybox and the user `app` (1000).
 * @param ids as whom tare runs: an ordinary user with subordinate ids or without; default as we do
 */
export async function makeBench(ids?: 'range' | 'single'): Promise<Bench> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'tare-test-')));
  chmodSync(top, 0o755);
  const [home, run] = [join(top, 'home'), join(top, 'run')];
  for (const dir of [home, run]) mkdirSync(dir, { mode: 0o700 });
  const env = {
    ...cleanEnvironment(),
    TARE_HOME: home,
    XDG_RUNTIME_DIR: run,
    // Helpers of a sandbox get nothing else of the environment: it tells whose they are.
    PATH: `${process.env['PATH'] ?? ''}:${home}`,
  };
  const own = (dir: string): void => {
    if (ids !== undefined) execFileSync('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, dir]);
  };
  const bench: Bench = {
    home,
    run,
    env,
    front: ids === undefined ? [] : unprivileged(top, { ...NOBODY, ids }),
    own,
    async addImage(name, config = {}, more = []) {
      const store = await openStore({ home });
      const layers = [[...boxEntries(), ...more]];
      await makeImage({ store, layers, name, config: { config: { ...config, Env: ['PATH=/bin', `BENCH=${home}`] } } });
      for (const dir of [home, run]) own(dir);
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
  await bench.addImage('box:1');
  return bench;
}

function boxEntries(): readonly LayerEntry[] {
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    { path: 'bin/' },
    { path: 'bin/busybox', content: readFileSync(BUSYBOX), mode: 0o755 },
    ...applets
      .filter((name) => name !== 'busybox')
      .map((name): LayerEntry => ({ path: `bin/${name}`, type: 'symlink', link: 'busybox' })),
    { path: 'etc/' },
    { path: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\napp:x:1000:\n' },
    { path: 'tmp/', mode: 0o1777 },
  ];
}

/** One Compose project in a folder of its own; what of it still runs is brought down when the test ends. Call it inside a test. */
export interface TestProject {
  readonly name: string;
  readonly dir: string;
  tare(args: readonly string[], options?: { readonly code?: number; readonly cwd?: string }): Promise<Answer>;
  json<T>(args: readonly string[], code?: number): Promise<T>;
  /** A command that goes on, with its output so far. */
  start(args: readonly string[]): Background;
  write(text: string): void;
}

export interface Background {
  readonly child: ChildProcess;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<number>;
  /** Waits until stdout or stderr says this. @throws Error when it ends before */
  says(what: RegExp): Promise<void>;
}

let serial = 0;

export function project(bench: Bench, text: string): TestProject {
  const name = `p${process.pid}-${serial++}`;
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tare-test-')));
  const file = join(dir, 'compose.yaml');
  const write = (compose: string): void => writeFileSync(file, `name: ${name}\n${compose}`);
  write(text);
  chmodSync(dir, 0o755);
  bench.own(dir);
  const [program = '', ...front]: readonly string[] = [...bench.front, process.execPath, MAIN];
  const run = (args: readonly string[], cwd = dir): Promise<Answer> =>
    execute(program, [...front, ...args], { cwd, env: bench.env });
  onTestFinished(async () => {
    await run(['down', '-v', '-t', '0']);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
  const tare: TestProject['tare'] = async (args, { code = 0, cwd } = {}) => {
    const answer = await run(args, cwd);
    if (answer.code !== code)
      throw new Error(`tare ${args.join(' ')} ended with ${answer.code}:\n${answer.stdout}${answer.stderr}`);
    return answer;
  };
  return {
    name,
    dir,
    tare,
    write,
    json: async <T>(args: readonly string[], code = 0) =>
      JSON.parse((await tare([...args, '--json'], { code })).stdout) as T,
    start: (args) => background(spawn(program, [...front, ...args], { cwd: dir, env: bench.env })),
  };
}

function background(child: ChildProcess): Background {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  }, 60_000);
  let over: number | undefined;
  void ended.then((code) => (over = code));
  return {
    child,
    said,
    ended,
    says: (what) =>
      until(() => {
        if (what.test(said.stdout) || what.test(said.stderr)) return true;
        if (over !== undefined) throw new Error(`ended with ${over}:\n${said.stdout}${said.stderr}`);
        return false;
      }),
  };
}

/** Processes of this bench that live: `PID COMMAND`. Their network namespaces go with them. */
export function processesOf({ home }: Pick<Bench, 'home'>): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && textOf(`/proc/${pid}/environ`).includes(home))
    .filter((pid) => !/^State:\s*Z/m.test(textOf(`/proc/${pid}/status`)))
    .map((pid) => `${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)}`);
}

/** What systems have left but their volumes: processes, mounts, bundles, records; links in the network of this machine. */
export function leftoversOf(bench: Bench): readonly string[] {
  const links = readdirSync('/sys/class/net').filter((name) => /^(?:tare|link)\d+$/.test(name));
  return [
    ...processesOf(bench),
    ...leftoversBelow(bench.run),
    ...namesIn(join(bench.home, 'tare/systems')).map((name) => `system ${name}`),
    ...links.map((name) => `link ${name}`),
  ];
}

/** Those whose parent was killed need a moment to notice. */
export async function expectNothingLeft(bench: Bench): Promise<void> {
  const end = Date.now() + 10_000;
  while (leftoversOf(bench).length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  const left = leftoversOf(bench);
  if (left.length > 0) throw new Error(`something is left:\n${left.join('\n')}`);
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // Nothing ever ran.
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // Ended meanwhile.
  }
}
