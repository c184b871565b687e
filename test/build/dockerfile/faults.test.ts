import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment, execute, MAIN, type Answer } from '../../helpers/cli.ts';
import { leftoversBelow, until } from '../../helpers/leftovers.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { openBuilds } from './builds.ts';

const canRun = needs('crun', 'busybox');
const isRoot = process.getuid?.() === 0;

const BASE = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
RUN echo first > /first
`;
const WAITS = `${BASE}RUN trap "" INT TERM; (trap "" INT TERM; sleep 987) & echo begun; sleep 987\n`;
const ENDS = `${BASE}RUN cat /first > /second\n`;

interface Place {
  readonly dir: string;
  readonly context: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Arguments of Node for a build of a Dockerfile with this text. */
  words(text: string, ...flags: string[]): readonly string[];
  build(text: string, ...flags: string[]): Promise<Answer>;
  /** What it left: below the folder for containers, and half-made things of the cache. */
  left(): readonly string[];
}

function place(): Place {
  const dir = tempDir();
  const [context, home, run] = ['context', 'home', 'run'].map((name) => join(dir, name)) as [string, string, string];
  for (const each of [context, home]) mkdirSync(each);
  mkdirSync(run, { mode: 0o700 });
  copyFileSync('/bin/busybox', join(context, 'busybox'));
  const env = { ...cleanEnvironment(), TARE_HOME: home, XDG_RUNTIME_DIR: run, SOURCE_DATE_EPOCH: '1500000000' };
  let serial = 0;
  const words: Place['words'] = (text, ...flags) => {
    const file = join(dir, `Dockerfile-${serial++}`);
    writeFileSync(file, text);
    return [MAIN, 'build', '-f', file, '-t', 'out', '--network', 'none', '--json', ...flags, context];
  };
  return {
    dir,
    context,
    home,
    env,
    words,
    build: (text, ...flags) => execute(process.execPath, words(text, ...flags), { env }),
    left: () => [
      ...leftoversBelow(run),
      ...leftoversBelow(home).filter((line) => !line.startsWith(home)),
      ...['all', 'range', 'single'].flatMap((ids) => namesIn(join(home, 'tare/solve/snapshots', ids, 'tmp'))),
      ...namesIn(join(home, 'tare/solve/layers')).filter((name) => !name.endsWith('.tar')),
    ],
  };
}

const namesIn = (dir: string): readonly string[] => (existsSync(dir) ? readdirSync(dir) : []);

/** The last line is the error, as JSON. */
const errorOf = ({ stderr }: Answer): { readonly code: string; readonly message: string; readonly hint?: string } =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string; message: string } }).error;

const digestOf = ({ stderr, stdout }: Answer): string => {
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { digest: string }).digest;
};

const cachedOf = ({ stdout }: Answer): readonly boolean[] =>
  (JSON.parse(stdout) as { steps: { cached: boolean }[] }).steps.map(({ cached }) => cached);

/** Starts a build, and sends it a signal as soon as its last step prints something. */
async function interrupted(at: Place, signal: NodeJS.Signals): Promise<Answer> {
  const child = spawn(process.execPath, at.words(WAITS), { env: at.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  await until(() => /^#\d+ [\d.]+ begun/m.test(stderr) || child.exitCode !== null);
  expect(stderr).toMatch(/^#\d+ [\d.]+ begun/m);
  child.kill(signal);
  return { code: await ended, stdout, stderr };
}

describe.skipIf(!canRun)('a build that is interrupted in the middle of a step', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s takes everything with it, and what was done stays done',
    async (signal) => {
      const at = place();
      const answer = await interrupted(at, signal);
      expect([answer.code, errorOf(answer).code]).toEqual([3, 'E_CANCELLED']);
      expect(at.left()).toEqual([]);
      const next = await at.build(ENDS);
      expect(cachedOf(next)).toEqual([true, true, true, false]);
    },
  );

  it('by SIGKILL leaves what the next build takes away', async () => {
    const at = place();
    expect((await interrupted(at, 'SIGKILL')).code).toBe(-1);
    await until(() => leftoversBelow(join(at.dir, 'run')).length === 0);
    const next = await at.build(ENDS);
    expect(cachedOf(next)).toEqual([true, true, true, false]);
    expect(at.left()).toEqual([]);
  });
});

describe.skipIf(!canRun || !isRoot || !needs('unshare', 'mount'))('a build on a disk that is full', () => {
  it('says so, and goes on when there is room', async () => {
    const at = place();
    const big = `${BASE}RUN busybox dd if=/dev/urandom of=/big bs=1M count=24 2>/dev/null\n`;
    const [first, second] = [at.words(big), at.words(big)];
    const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
    const script = `
      mount -t tmpfs -o size=40m tmpfs ${at.home} || exit 99
      ${process.execPath} ${quoted(first)} >&2; echo "ended $?"
      ls ${at.home}/tare/solve/snapshots/all/tmp; ls ${at.home}/tare/solve/layers | grep -v 'tar$'
      mount -o remount,size=400m ${at.home}
      ${process.execPath} ${quoted(second)} 2>/dev/null`;
    const answer = await execute('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
      env: at.env,
    });
    expect(errorOf(answer).code, answer.stderr).toBe('E_NO_SPACE');
    const [ended, ...json] = answer.stdout.trim().split('\n');
    expect(ended).toBe('ended 3');
    expect(cachedOf({ ...answer, stdout: json.join('\n') })).toEqual([true, true, true, false]);
    expect(leftoversBelow(join(at.dir, 'run'))).toEqual([]);
  }, 60_000);
});

describe.skipIf(!canRun)('two builds at once', () => {
  it('of one context are both right', async () => {
    const at = place();
    const text = `${BASE}RUN busybox seq 1 2000 > /numbers; mkdir /d; ln /numbers /d/hard\nCOPY busybox /again\nRUN busybox rm -r /d\n`;
    const both = await Promise.all([at.build(text), at.build(text)]);
    expect(new Set(both.map(digestOf)).size).toBe(1);
    const third = await at.build(text);
    expect([digestOf(third), new Set(cachedOf(third))]).toEqual([digestOf(both[0]), new Set([true])]);
    const anew = await at.build(text, '--no-cache');
    expect(digestOf(anew)).toBe(digestOf(third));
    expect(at.left()).toEqual([]);
  }, 60_000);
});

describe.skipIf(!canRun)('a step that fails', () => {
  it('is told with its command, its exit code and its last 20 lines', async () => {
    const at = place();
    const answer = await at.build(`${BASE}RUN for i in $(busybox seq 1 30); do echo line $i; done; echo why; exit 7\n`);
    const { code, message } = errorOf(answer);
    expect([answer.code, code]).toEqual([2, 'E_STEP']);
    expect(message).toMatch(/Dockerfile-0:6: .*RUN for i in .*; exit 7 failed: exit code 7;/);
    const said = message.split('\n').slice(1);
    expect(said).toHaveLength(20);
    expect([said[0], said.at(-1)]).toEqual(['line 12', 'why']);
    expect(at.left()).toEqual([]);
  });
});

describe.skipIf(!canRun)('links that lead out of a root', () => {
  const STAGE = `FROM busybox AS evil
RUN ln -s /etc/passwd /absolute && ln -s ../../../../../../../../etc /above && ln -s /proc/1/root/etc /proc-root && ln -s loop /loop && ln -s /nowhere/at/all /dangling
FROM busybox
`;

  it.each<[name: string, line: string, files: readonly string[]]>([
    ['an absolute one is the image’s own', 'COPY --from=evil /absolute /x', ['644 0:0 /x']],
    ['one that climbs stays below', 'COPY --from=evil /above/passwd /x', ['644 0:0 /x']],
    ['one among the files is copied as it is', 'COPY --from=evil /absolut[e] /above /n/', ['755 0:0 /n']],
  ])('%s', async (_name, line, files) => {
    const { build } = await openBuilds();
    const built = await build(`${STAGE}${line}\n`);
    for (const file of files) expect(built.files.join('\n')).toContain(file);
    const host = readFileSync('/etc/passwd', 'utf8').split('\n')[0] ?? '';
    const seen = await build(`${STAGE}${line}\nRUN cat /x /n/passwd /n/absolute 2>/dev/null; true\n`);
    expect(seen.output).toContain('app:x:1000:1001::/:/bin/sh');
    expect(seen.output).not.toContain(host.length > 40 ? host : 'daemon:');
  });

  it.each<[line: string, code: string]>([
    ['COPY --from=evil /proc-root/passwd /x', 'E_PATH_NOT_FOUND'],
    ['COPY --from=evil /loop/x /x', 'E_PATH_NOT_FOUND'],
    ['COPY --from=evil /dangling/x /x', 'E_PATH_NOT_FOUND'],
  ])('%s is refused', async (line, code) => {
    const { build } = await openBuilds();
    await expect(build(`${STAGE}${line}\n`)).rejects.toMatchObject({ code });
  });

  it('are followed below the root where something is written to', async () => {
    const { build } = await openBuilds({ 'a.txt': 'a' });
    const out = join(tempDir(), 'outside');
    const built = await build(
      `FROM busybox\nRUN ln -s ../../../../..${out} /out\nCOPY a.txt /out/\nRUN echo b > /out/b\n`,
    );
    expect(existsSync(out)).toBe(false);
    expect(built.files).toEqual(expect.arrayContaining([`644 0:0 ${out}/a.txt = a`, `644 0:0 ${out}/b = b`]));
  });
});

describe('a context that changes while it is read', () => {
  it('is no reason to remember something wrong', async () => {
    const { build, dir } = await openBuilds({ 'd/a.txt': 'before', 'd/b.txt': 'b' });
    const text = 'FROM busybox\nCOPY d /d\n';
    const change = (): void => writeFileSync(join(dir, 'd/a.txt'), 'after!');
    const changing = build(text, {}, (event) => {
      if (event.kind === 'vertex.started') change();
    });
    await expect(changing).rejects.toMatchObject({ code: 'E_CHANGED' });
    expect((await build(text)).files).toContain('644 0:0 /d/a.txt = after!');
    writeFileSync(join(dir, 'd/a.txt'), 'before');
    expect((await build(text)).files).toContain('644 0:0 /d/a.txt = before');
  });
});

describe('the first of thousands of steps', () => {
  it('fails as any other', async () => {
    const { build } = await openBuilds({ a: 'a' });
    const others = Array.from({ length: 8000 }, (_, number) => `COPY a /${number}\n`).join('');
    await expect(build(`FROM scratch\nCOPY missing /\n${others}`)).rejects.toMatchObject({
      code: 'E_PATH_NOT_FOUND',
    });
  });
});
