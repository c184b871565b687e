import { describe, expect, it } from 'vitest';
import type { Warning } from '../../../src/base/events.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { shellAnalyser } from '../../../src/evidence/shell/index.ts';
import type { Edge } from '../../../src/evidence/types.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';

const ELF = '\x7fELF';
const program = { content: ELF, mode: 0o755 };
const script = (text: string): MemoryFile => ({ content: text, mode: 0o755 });

/** A small system: merged /usr, dash, coreutils and friends. */
const SYSTEM: Record<string, MemoryFile> = {
  '/bin': { link: 'usr/bin' },
  '/usr/bin/sh': { link: 'dash' },
  '/usr/bin/dash': program,
  '/usr/bin/bash': program,
  '/usr/bin/env': program,
  '/usr/bin/cat': program,
  '/usr/bin/sleep': program,
  '/usr/bin/timeout': program,
  '/usr/bin/xargs': program,
  '/usr/bin/nice': program,
  '/usr/bin/find': program,
  '/usr/bin/tini': program,
  '/usr/bin/printf': program,
  '/usr/bin/busybox': program,
  '/usr/local/bin/node': program,
  '/usr/local/bin/gosu': program,
  '/usr/bin/python3': program,
  '/etc/app.conf': 'x',
  '/etc/shadow': 'x',
  '/root/.ssh/id': 'x',
  '/app/server.js': 'x',
  '/app/lib.sh': 'cat /etc/app.conf\n',
};

interface Answered {
  readonly edges: readonly Edge[];
  readonly warnings: readonly Warning[];
}

async function ask(
  files: Record<string, MemoryFile>,
  argv: readonly string[],
  options: { readonly path?: string; readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<Answered> {
  const { content, tree } = memoryTree({ ...SYSTEM, ...files });
  const entry = tree.resolve(pathOfText(options.path ?? argv[0] ?? '/'))?.entry;
  if (entry === undefined) throw new Error('not in the tree');
  const context = {
    argv,
    env: { PATH: '/usr/local/bin:/usr/bin', ...options.env },
    cwd: pathOfText(options.cwd ?? '/app'),
  };
  const question = { path: entry.path, entry, context };
  const warnings: Warning[] = [];
  const analyser = shellAnalyser();
  const head = entry.content === undefined ? new Uint8Array(0) : await content.read(entry, { offset: 0, size: 4096 });
  if (!analyser.wants(question, head)) return { edges: [], warnings };
  const edges = await analyser.edges(question, { tree, content, warn: (warning) => warnings.push(warning) });
  expect(edges.every((edge) => edge.settled)).toBe(true);
  return { edges, warnings };
}

/** `from kind to`, with the certainty unless sure and the line. */
function rows({ edges }: Answered): string[] {
  const shown = edges.map((edge) => {
    const line = edge.at === undefined ? '' : `:${edge.at.line}`;
    return `${edge.from}${line} ${edge.kind}${edge.certainty === 'sure' ? '' : `? `} ${edge.to}`.replaceAll('  ', ' ');
  });
  return [...new Set(shown)].sort();
}

/** What `/app/run` leads to beyond its own first line. */
async function leadsTo(
  body: string,
  options: {
    readonly files?: Record<string, MemoryFile>;
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
  } = {},
): Promise<string[]> {
  const answered = await ask(
    { '/app/run': script(`#!/bin/sh\n${body}\n`), ...options.files },
    ['/app/run', ...(options.args ?? [])],
    options.env === undefined ? {} : { env: options.env },
  );
  return rows(answered)
    .filter((row) => row !== '/app/run:1 interpreter /bin/sh')
    .map((row) => row.replace('/app/run:', ''));
}

describe('the #! line', () => {
  const cases: readonly (readonly [line: string, rows: readonly string[]])[] = [
    ['#!/bin/sh', ['interpreter /bin/sh']],
    ['#! /bin/sh -eu', ['interpreter /bin/sh']],
    ['#!/usr/bin/env node', ['interpreter /usr/bin/env', 'interpreter /usr/local/bin/node']],
    ['#!/usr/bin/env -S node --no-warnings', ['interpreter /usr/bin/env', 'interpreter /usr/local/bin/node']],
    [
      '#!/usr/bin/env -S A=b timeout 3 node x',
      ['command /usr/local/bin/node', 'interpreter /usr/bin/env', 'interpreter /usr/bin/timeout'],
    ],
    ['#!/usr/bin/env -Snode', ['interpreter /usr/bin/env', 'interpreter /usr/local/bin/node']],
  ];
  it.each(cases)('%s', async (line, expected) => {
    const got = rows(await ask({ '/app/run': script(`${line}\n`) }, ['/app/run']));
    const own = got.map((row) => row.replace('/app/run:1 ', '')).filter((row) => !row.includes('opened'));
    expect(own).toEqual([...expected].sort());
  });

  it.each([
    ['#!/opt/missing', 'there is no such program'],
    ['#!/bin/sh\r', 'carriage return'],
    ['#!/usr/bin/env ruby', 'PATH has no ruby'],
  ])('%j cannot be followed', async (line, message) => {
    const { warnings } = await ask({ '/app/run': script(`${line}\n`) }, ['/app/run']);
    expect(warnings.map((warning) => warning.code)).toEqual(['shell-interpreter']);
    expect(warnings[0]?.message).toContain(message);
  });

  it('counts only for what is run', async () => {
    const files = {
      '/app/tool': script('#!/usr/bin/env node\n'),
      '/usr/local/bin/tool': script('#!/usr/bin/env node\n'),
    };
    const node = ['/usr/local/bin/node', 'server.js'];
    expect(rows(await ask(files, node, { path: '/app/tool' }))).toEqual([]);
    expect(rows(await ask(files, node, { path: '/usr/local/bin/tool' }))).toHaveLength(2);
    expect(rows(await ask(files, ['tool'], { path: '/usr/local/bin/tool' }))).toHaveLength(2);
  });

  it('of a program of the application that a shell script runs counts too', async () => {
    const files = { '/app/cli.js': script('#!/usr/bin/env node\n') };
    expect(await leadsTo('./cli.js', { files })).toEqual([
      '/app/cli.js:1 interpreter /usr/bin/env',
      '/app/cli.js:1 interpreter /usr/local/bin/node',
      '2 command /app/cli.js',
    ]);
  });
});

describe('commands of a script', () => {
  const cases: readonly (readonly [body: string, rows: readonly string[]])[] = [
    ['sleep 1', ['2 command /usr/bin/sleep']],
    ['# sleep 1', []],
    ['echo sleep; : sleep', []],
    ['printf x; test -f /nope', []],
    ['true\n/usr/bin/sleep 1', ['3 command /usr/bin/sleep']],
    ['if true; then sleep 1; fi', ['2 command? /usr/bin/sleep']],
    ['if sleep 1; then true; fi', ['2 command /usr/bin/sleep']],
    ['true && sleep 1', ['2 command? /usr/bin/sleep']],
    ['sleep 1 || true', ['2 command /usr/bin/sleep']],
    ['case x in x) sleep 1;; esac', ['2 command? /usr/bin/sleep']],
    ['while true; do sleep 1; done', ['2 command? /usr/bin/sleep']],
    ['for x in 1 2; do sleep $x; done', ['2 command? /usr/bin/sleep']],
    ['{ sleep 1; } | ( cat )', ['2 command /usr/bin/cat', '2 command /usr/bin/sleep']],
    ['sleep() { :; }\nsleep 1', []],
    ['wait_a_bit() { sleep 1; }\nwait_a_bit', ['2 command? /usr/bin/sleep']],
    ['x=$(cat)', ['2 command /usr/bin/cat']],
    ['echo "at `cat`"', ['2 command /usr/bin/cat']],
    ['"cat"', ['2 command /usr/bin/cat']],
    ["c''a\\t", ['2 command /usr/bin/cat']],
    ['$UNKNOWN x', []],
    ['"$(basename /x/slept t)"ep', []],
    ['"$(basename /x/sleepy y)" 1', ['2 command /usr/bin/sleep']],
    ['CAT=cat; $CAT', ['2 command /usr/bin/cat']],
    ['exec ${RUNTIME:-node} server.js', ['2 command /usr/local/bin/node', '2 opened? /app/server.js']],
    ['RUN="sleep 1"\n$RUN', ['3 command /usr/bin/sleep']],
    ['for tool in cat sleep; do $tool; done', ['2 command? /usr/bin/cat', '2 command? /usr/bin/sleep']],
    ['exec node server.js', ['2 command /usr/local/bin/node', '2 opened? /app/server.js']],
    ['exec env A=b node', ['2 command /usr/bin/env', '2 command /usr/local/bin/node']],
    ['command -v python3 >/dev/null', []],
    ['command sleep 1', ['2 command /usr/bin/sleep']],
    ['exec "$(command -v node)"', ['2 command /usr/local/bin/node']],
    [
      'timeout -k 1 5 nice -n 3 sleep 9',
      ['2 command /usr/bin/nice', '2 command /usr/bin/sleep', '2 command /usr/bin/timeout'],
    ],
    ['find . -name x -exec cat {} \\;', ['2 command /usr/bin/cat', '2 command /usr/bin/find']],
    [
      'cat x | xargs -n 1 -I % sleep %',
      ['2 command /usr/bin/cat', '2 command /usr/bin/sleep', '2 command /usr/bin/xargs'],
    ],
    [
      'tini -g -- gosu nobody node',
      ['2 command /usr/bin/tini', '2 command /usr/local/bin/gosu', '2 command /usr/local/bin/node'],
    ],
    ['sh -ec "sleep 1; cat"', ['2 command /usr/bin/cat', '2 command /usr/bin/sh', '2 command /usr/bin/sleep']],
    ['busybox sh -c cat', ['2 command /usr/bin/busybox', '2 command /usr/bin/cat']],
    ['eval "sleep 1"', ['2 command /usr/bin/sleep']],
    ["trap 'sleep 1' EXIT", ['2 command /usr/bin/sleep']],
    ['cat <<EOF\nsleep $(python3)\nEOF', ['2 command /usr/bin/cat', '3 command /usr/bin/python3']],
    ['cat <<"EOF"\nsleep $(python3)\nEOF', ['2 command /usr/bin/cat']],
    ['PATH=/opt/x:$PATH\ntool', ['3 command /opt/x/tool']],
    ['exec sleep 1\ncat', ['2 command /usr/bin/sleep']],
    ['exec 3>&1\ncat', ['3 command /usr/bin/cat']],
    ['exit 0\ncat', []],
    ['if sleep 1; then exit 0; fi\ncat', ['2 command /usr/bin/sleep', '3 command /usr/bin/cat']],
    ['. "$SOMEWHERE"\ncat', ['3 command? /usr/bin/cat']],
  ];
  it.each(cases)('%s', async (body, expected) => {
    const files = { '/opt/x/tool': program };
    expect(await leadsTo(body, { files })).toEqual([...expected].sort());
  });

  it.each([
    ['exec "$@"', ['node', 'server.js'], ['2 command /usr/local/bin/node', '2 opened? /app/server.js']],
    ['set -- node "$@"\nexec "$@"', ['server.js'], ['3 command? /usr/local/bin/node', '3 opened? /app/server.js']],
    ['shift\nexec "$@"', ['x', 'node'], ['3 command? /usr/local/bin/node']],
    ['exec "$1"', ['node'], ['2 command /usr/local/bin/node']],
  ])('%j with arguments %j', async (body, args, expected) => {
    const own = (await leadsTo(body, { args })).filter((row) => !row.startsWith('/app/run opened'));
    expect(own).toEqual(expected);
  });

  it('does not warn of what only one reading of "$@" would run', async () => {
    const text = '#!/bin/sh\nif [ "${1#-}" != "$1" ]; then set -- node "$@"; fi\nexec "$@"\n';
    const answered = await ask({ '/app/run': script(text) }, ['/app/run', 'server.js']);
    expect(answered.warnings).toEqual([]);
    expect(rows(answered)).toContain('/app/run:3 command? /usr/local/bin/node');
  });

  it('warns of a program that is missing, when it is surely run', async () => {
    const { warnings } = await ask({ '/app/run': script('#!/bin/sh\nif x; then missing1; fi\nmissing2\n') }, [
      '/app/run',
    ]);
    expect(warnings.map((warning) => [warning.code, warning.line])).toEqual(
      expect.arrayContaining([['shell-missing', 3]]),
    );
    expect(warnings.map((warning) => warning.message).join()).not.toContain('missing1');
  });
});

describe('files of a script', () => {
  const cases: readonly (readonly [body: string, rows: readonly string[]])[] = [
    [
      '. ./lib.sh',
      ['/app/lib.sh:1 command /usr/bin/cat', '/app/lib.sh:1 opened? /etc/app.conf', '2 opened /app/lib.sh'],
    ],
    [
      '. "$(dirname "$0")/lib.sh"',
      ['/app/lib.sh:1 command /usr/bin/cat', '/app/lib.sh:1 opened? /etc/app.conf', '2 opened /app/lib.sh'],
    ],
    [
      'DIR="$(cd "$(dirname "$0")" && pwd)"\n. "$DIR/lib.sh"',
      ['/app/lib.sh:1 command /usr/bin/cat', '/app/lib.sh:1 opened? /etc/app.conf', '3 opened /app/lib.sh'],
    ],
    [
      '. "${0%/*}/lib.sh"',
      ['/app/lib.sh:1 command /usr/bin/cat', '/app/lib.sh:1 opened? /etc/app.conf', '2 opened /app/lib.sh'],
    ],
    ['. "$HERE/lib.sh"', []],
    ['read x < /etc/app.conf', ['2 opened? /etc/app.conf']],
    ['cat /etc/app.conf', ['2 command /usr/bin/cat', '2 opened? /etc/app.conf']],
    ['cat --file=/etc/app.conf', ['2 command /usr/bin/cat', '2 opened? /etc/app.conf']],
    ['[ -f /etc/app.conf ]', ['2 opened? /etc/app.conf']],
    ['[[ -f /etc/app.conf && -n x ]]', ['2 opened? /etc/app.conf']],
    ['rm -f /etc/app.conf', []],
    ['echo /etc/app.conf', []],
    ['echo x > /var/log/app/out', ['2 looked-up? /var/log/app']],
    ['cat /etc', ['2 command /usr/bin/cat', '2 opened? /etc']],
    ['cat /', ['2 command /usr/bin/cat']],
    ['cat /etc/shadow /root/.ssh/id', ['2 command /usr/bin/cat']],
    ['cat /etc/*.conf', ['2 command /usr/bin/cat']],
    ['cd /etc\ncat app.conf', ['3 command /usr/bin/cat', '3 opened? /etc/app.conf']],
  ];
  it.each(cases)('%s', async (body, expected) => {
    const files = { '/var/log/app': { directory: true } as const, '/usr/bin/rm': { link: 'cat' } };
    expect((await leadsTo(body, { files })).filter((row) => !row.endsWith('/rm'))).toEqual([...expected].sort());
  });
});

describe('what is started', () => {
  it('is followed through the shell of the entry point', async () => {
    const answered = await ask({}, ['/bin/sh', '-c', 'exec node server.js "$1"', 'x', '/etc/app.conf']);
    expect(rows(answered)).toEqual([
      '/usr/bin/dash command /usr/local/bin/node',
      '/usr/bin/dash opened? /app/server.js',
      '/usr/bin/dash opened? /etc/app.conf',
    ]);
  });

  it('is followed through a script that a shell is given', async () => {
    const answered = await ask({ '/app/run': '#!/usr/bin/env ignored\ncat\n' }, ['bash', 'run'], {
      path: '/usr/bin/bash',
    });
    expect(rows(answered)).toEqual([
      '/app/run:2 command /usr/bin/cat',
      '/usr/bin/bash opened /app/run',
      '/usr/bin/bash opened? /app/run',
    ]);
  });

  it('is followed through an init', async () => {
    const answered = await ask({}, ['/usr/bin/tini', '--', 'node', 'server.js']);
    expect(rows(answered)).toEqual([
      '/usr/bin/tini command /usr/local/bin/node',
      '/usr/bin/tini opened? /app/server.js',
    ]);
  });

  it('names files in its arguments', async () => {
    const answered = await ask({}, ['/usr/local/bin/node', '--config=/etc/app.conf', 'server.js']);
    expect(rows(answered)).toEqual([
      '/usr/local/bin/node opened? /app/server.js',
      '/usr/local/bin/node opened? /etc/app.conf',
    ]);
  });
});

describe('hostile scripts', () => {
  const grow = Array.from({ length: 30 }, (_, index) => `v${index}="$v${index + 1}$v${index + 1}"`).join('\n');
  const cases: readonly (readonly [name: string, body: string])[] = [
    ['runs itself', './run'],
    ['runs itself with more arguments each time', './run "$@" x; ./run x "$@"'],
    ['sources itself', '. ./run'],
    ['evaluates itself', 'x=\'eval "$x"\'; eval "$x"'],
    ['has variables that grow', `${grow}\nv30=${'x'.repeat(5000)}\n$v0`],
    ['has variables in a circle', 'a=$b; b=$a$a; $a'],
    ['has thousands of here-documents', 'cat '.concat('<<a '.repeat(20_000))],
    ['is deep', '('.repeat(50_000)],
    ['is cut off', 'if true; then "'],
    ['is binary', '\0\x01\xff'.repeat(1000)],
    ['is large', 'x\n'.repeat(400_000)],
    ['names what it should not', '. /dev/zero; cat < "$(printf "\\0")"; cat "\n"'],
    ['climbs', `cat ${'../'.repeat(500)}etc/app.conf`],
  ];
  it.each(cases)('%s', async (_name, body) => {
    const { edges } = await ask({ '/app/run': script(`#!/bin/sh\n${body}\n`) }, ['/app/run']);
    expect(edges.length).toBeLessThan(10_000);
  });

  it.each([
    ['an archive behind the script', 'exec cat "$0"\nPK\x03\x04 (((\n'],
    ['a function that another file may define', '. "$LIBRARY"\nsetup\n'],
    ['a program that is only tried', 'if (missing --version); then cat; fi; missing2 || cat\n'],
    ['a file that is missing, when it may be', '[ -f x ] && . ./x\nsetup\n'],
  ])('does not warn of %s', async (_name, body) => {
    const { warnings } = await ask({ '/app/run': script(`#!/bin/sh\n${body}`) }, ['/app/run']);
    expect(warnings).toEqual([]);
  });

  it('is told about', async () => {
    const { warnings } = await ask({ '/app/run': script('#!/bin/sh\nif true; then cat\n') }, ['/app/run']);
    expect(warnings.map((warning) => warning.code)).toEqual(['shell-syntax']);
  });
});
