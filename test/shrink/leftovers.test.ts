import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findSandbox } from '../../src/sandbox/index.ts';
import { execute, MAIN, tareJson } from '../helpers/cli.ts';
import { namesIn } from '../helpers/images.ts';
import { until } from '../helpers/leftovers.ts';
import { needs, needsOtherUser } from '../helpers/needs.ts';
import { addNodeOriginal, addShellOriginal } from '../helpers/original.ts';
import { scratchFolder, watchedTare, type WatchedAnswer } from '../helpers/watched-cli.ts';

let scratch: string;
let home: string;
const SERVER = `
for (let i = 0; i < 3; i++) require('node:child_process').spawn('/usr/bin/node', ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
require('node:http').createServer((_, response) => response.end('ok')).listen(8080);
`;

beforeAll(async () => {
  scratch = scratchFolder();
  home = join(scratch, 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
  await addNodeOriginal(home, 'server:1', {
    entries: [{ path: 'app/server.cjs', content: SERVER }],
    config: {
      Entrypoint: ['/usr/bin/node', '/app/server.cjs'],
      Cmd: null,
      ExposedPorts: { '8080/tcp': {} },
    },
  });
  await addShellOriginal(home, 'shell:1', { config: { Entrypoint: ['/bin/sh', '-c', 'sleep 9'] } });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const codeOf = ({ stderr }: { readonly stderr: string }): string =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code;

/** What a killed writer could not remove itself: the next one does. */
async function cleared(answer: WatchedAnswer): Promise<void> {
  await until(() => answer.leftovers().length === 0);
}

const PLAIN = ['--progress', 'plain', '--json'];
const MOMENTS: readonly (readonly [what: string, args: readonly string[], at: RegExp, afterMs: number])[] = [
  ['while the original starts', ['--observe', '20s'], /^observe: /m, 0],
  ['while it is observed', ['--observe', '20s'], /^observe: /m, 900],
  ['while layers are packed', ['--static', '--no-verify', '--compression', 'gzip:9'], /^pack/m, 0],
  ['while the small image is verified', [], /^verify: /m, 30],
  ['while a suite runs', ['--run', 'sh -c "(trap : TERM; sleep 41); sleep 42"'], /^observe: /m, 1200],
  ['while something runs in the container', ['--exec', 'node -e "setTimeout(Object, 20000)"'], /^observe: /m, 1500],
];

describe.skipIf(!needs('crun', 'unshare'))('tare shrink leaves nothing', () => {
  it.each(MOMENTS)('when it is interrupted %s', async (_what, args, text, afterMs) => {
    const answer = await watchedTare(['shrink', 'server:1', '--name', 'never:1', ...args, ...PLAIN], {
      home,
      scratch,
      signalAt: { text, signal: 'SIGINT', afterMs },
    });
    expect(answer.code, answer.stderr).toBe(3);
    expect(answer.stdout).toBe('');
    expect(codeOf(answer)).toBe('E_CANCELLED');
    await cleared(answer);
    expect(namesIn(home)).not.toContain('never:1');
  });

  it.each(MOMENTS)('when it is killed %s', async (_what, args, text, afterMs) => {
    const answer = await watchedTare(['shrink', 'server:1', '--name', 'never:1', ...args, ...PLAIN], {
      home,
      scratch,
      signalAt: { text, signal: 'SIGKILL', afterMs },
    });
    expect(answer.code, answer.stderr).toBe(-1);
    expect(answer.stdout).toBe('');
    // What runs or is mounted goes by itself; of files the next tare takes care: of half-written ones, and of a container's folder when nobody watched it yet.
    await until(() => answer.leftovers().every((line) => /^(?:half-written |\/)/.test(line)));
    await findSandbox({ env: { ...process.env, XDG_RUNTIME_DIR: answer.run } });
    await tareJson(['shrink', 'shell:1', '--static', '--no-verify', '--name', 'other:1'], { home });
    await tareJson(['prune'], { home });
    await cleared(answer);
    expect(namesIn(home)).not.toContain('never:1');
  });

  it('when what it observes with is killed', async () => {
    const running = watchedTare(['observe', 'shell:1', '-o', join(scratch, 'p'), '--observe', '20s', '--json'], {
      home,
      scratch,
    });
    const below = `${scratch}/w-`;
    await until(() => watcherBelow(below) !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(watcherBelow(below) ?? 0, 'SIGKILL');
    const answer = await running;
    expect([answer.code, codeOf(answer), answer.stdout]).toEqual([3, 'E_TRACER', '']);
    await cleared(answer);
    expect(existsSync(join(scratch, 'p'))).toBe(false);
  });

  it('when the suite leaves children, or is not there', async () => {
    const hangs = await watchedTare(['shrink', 'server:1', '--run', 'no-such-suite --all', '--json'], {
      home,
      scratch,
    });
    expect([hangs.code, codeOf(hangs), hangs.stdout]).toEqual([3, 'E_TOOL_MISSING', '']);
    expect(hangs.stderr).toContain('no-such-suite');
    await cleared(hangs);
    const children = await watchedTare(
      [
        'shrink',
        'server:1',
        '--run',
        'sh -c "(trap : TERM HUP; sleep 43; sleep 44) & (sleep 45 &) ; exit 0"',
        '--json',
      ],
      { home, scratch },
    );
    expect(children.code, children.stderr).toBe(0);
    await cleared(children);
  });

  it('from two at once, of one image', async () => {
    const args = ['shrink', 'server:1', '--name'];
    const both = await Promise.all(
      ['both:1', 'both:2'].map((name) => watchedTare([...args, name, '--json'], { home, scratch })),
    );
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const [first, second] = both.map(({ stdout }) => (JSON.parse(stdout) as { digest: string }).digest);
    expect(first).toBe(second);
    for (const answer of both) await cleared(answer);
  });

  it('gives no name to what cannot be verified, and writes it nowhere', async () => {
    const output = join(scratch, 'unlike');
    await addNodeOriginal(home, 'moody:1', {
      // Another answer each time but the first three: as if something were missing that nobody can find.
      entries: [
        {
          path: 'app/server.cjs',
          content: `const small = !require('node:fs').existsSync(Buffer.from('L2V0Yy9tYXJr', 'base64').toString());
require('node:http').createServer((_, response) => { response.statusCode = small ? 500 : 200; response.end('ok'); }).listen(8080);`,
        },
        { path: 'etc/mark', content: '' },
      ],
      config: {
        Entrypoint: ['/usr/bin/node', '/app/server.cjs'],
        Cmd: null,
        ExposedPorts: { '8080/tcp': {} },
      },
    });
    const answer = await watchedTare(
      ['shrink', 'moody:1', '--exclude', '/etc/mark', '--output', `oci:${output}:x`, '--timeout', '5', '--json'],
      { home, scratch },
    );
    expect([answer.code, codeOf(answer), answer.stdout]).toEqual([1, 'E_UNLIKE', '']);
    expect(namesIn(home)).not.toContain('moody:1-shrunk');
    expect(existsSync(output)).toBe(false);
    await cleared(answer);
  });
});

/** The process that watches for containers whose folders are below `dir`. */
function watcherBelow(dir: string): number | undefined {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0');
      return command[1]?.endsWith('trace/watcher.js') === true && command[2]?.startsWith(dir) === true;
    } catch {
      return false; // Ended meanwhile.
    }
  });
  return found === undefined ? undefined : Number(found);
}

const unprivileged = needsOtherUser();

describe('a home that cannot be written', () => {
  it.skipIf(!unprivileged)('is told of', async () => {
    const copy = join(scratch, 'read-only');
    cpSync(home, copy, { recursive: true });
    execFileSync('chmod', ['-R', 'a-w,a+rX', copy, scratch]);
    chmodSync(scratch, 0o755);
    const own = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const answer = await execute(
      'setpriv',
      [...own, process.execPath, MAIN, 'shrink', 'shell:1', '--static', '--no-verify', '--json'],
      { env: { PATH: process.env['PATH'] ?? '', TARE_HOME: copy, HOME: '/nonexistent' } },
    );
    expect([answer.code, codeOf(answer), answer.stdout]).toEqual([3, 'E_PERMISSION', '']);
    expect(answer.stderr).toContain('read-only');
  });

  it.skipIf(!(unprivileged && needs('unshare', 'mount'))).each([
    ['while the image is read', '60m'],
    ['while layers are packed', '170m'],
  ])('is full %s', async (_what, size) => {
    const full = join(scratch, `full-${size}`);
    mkdirSync(full);
    const answer = await execute('unshare', [
      '-m',
      'sh',
      '-c',
      FULL,
      'sh',
      full,
      size,
      inject('seed'),
      process.execPath,
      MAIN,
    ]);
    expect([answer.code, codeOf(answer)], answer.stderr).toEqual([3, 'E_NO_SPACE']);
    expect(answer.stdout).toContain('node-status:latest');
    expect(answer.stdout).not.toContain('node-status:shrunk');
    expect(answer.stdout).not.toMatch(/\.(?:tmp|partial)$/m);
  });
});

/** $1 folder, $2 size, $3 home to copy, $4 Node, $5 tare. */
const FULL = `
mount -t tmpfs -o size="$2" tmpfs "$1" && cp -a "$3/." "$1" || exit 99
export TARE_HOME="$1"
"$4" "$5" images
"$4" "$5" shrink node-status --static --no-verify --compression none --json
code=$?
find "$1" -name '*.tmp' -o -name '*.partial'
"$4" "$5" images
exit $code
`;
