import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation, RunSpec } from '../../../src/sandbox/index.ts';
import { needs } from '../../helpers/needs.ts';
import { leftoversBelow } from '../../helpers/leftovers.ts';
import { nodeSpec, outputOf, sandboxIn } from '../../helpers/sandboxes.ts';
import { canBuild, makeTraceRoot, type Build } from '../../helpers/trace-root.ts';

/** What programs/accesses.c must be seen to do: path, and how. */
const EXPECTED: readonly (readonly [path: string, how: string])[] = [
  ['/p/open', 'open'],
  ['/p/missing', 'open'],
  ['/p/stat', 'stat'],
  ['/p/lstat', 'stat'],
  ['/p/missing-stat', 'stat'],
  ['/p/statx', 'stat'],
  ['/p/access', 'stat'],
  ['/p/faccessat2', 'stat'],
  ['/p/statfs', 'stat'],
  ['/p/path-only', 'open'],
  ['/p/twice/dotted', 'open'],
  ['/p/up/../beside', 'open'],
  ['/p/openat2', 'open'],
  ['/p/openat2-write', 'write'],
  ['/p/readlink', 'readlink'],
  ['/p/link', 'open'],
  ['/p/hard', 'open'],
  ['/p/listed', 'list,open'],
  ['/p/dirfd', 'chdir,open'],
  ['/p/dirfd/relative', 'open'],
  ['/p/dirfd/relative-stat', 'stat'],
  ['/p/dirfd/after-fchdir', 'open'],
  ['/p/cwd', 'chdir'],
  ['/p/cwd/in-cwd', 'open'],
  ['/', 'chdir'],
  ['/p/from-root', 'open'],
  ['/p/mapped', 'open'],
  ['/p/watched', 'watch'],
  ['/p/getxattr', 'stat'],
  ['/p/llistxattr', 'stat'],
  ['/p/setxattr', 'write'],
  ['/p/append', 'write'],
  ['/p/read-write', 'open,write'],
  ['/p/created', 'open,write'],
  ['/p/creat', 'write'],
  ['/p/truncate', 'write'],
  ['/p/rename-old', 'write'],
  ['/p/rename-new', 'write'],
  ['/p/link-old', 'open'],
  ['/p/link-new', 'write'],
  ['/p/symlink-new', 'write'],
  ['/p/mkdir', 'write'],
  ['/p/fifo', 'write'],
  ['/p/chmod', 'write'],
  ['/p/chown', 'write'],
  ['/p/utimensat', 'write'],
  ['/p/unlink', 'remove'],
  ['/p/rmdir', 'remove'],
  ['/p/bound.sock', 'write'],
  ['/p/connected.sock', 'open'],
  ['/p/edge', 'open'],
  ['/p/across-two-pages', 'open'],
  ['/p' + '/a-dir'.repeat(681) + '/x', 'open'],
  ['/p/raw\xff\xfe\n\x01 bytes', 'open'],
  ['/p/thread', 'open'],
  ['/p/accesses', 'exec'],
  ['/p/script', 'exec'],
  ['/p/no-program', 'exec'],
  ['/p/by-descriptor', 'exec,open'],
  ['/p/jail', 'chdir'],
  ['/p/jail/inside-jail', 'open'],
  ['/relative-to-outside', 'open'],
  ['/p/jail/sub', 'chdir'],
  ['/p/jail/sub/in-sub', 'open'],
  ['/p/gone', 'chdir,remove,write'],
  ['/p/odd (deleted)', 'chdir,write'],
  ['/p/odd (deleted)/in-odd', 'open'],
];
const EXPECTED_32: readonly (readonly [path: string, how: string])[] = [
  ['/p', 'chdir'],
  ['/p/access32', 'stat'],
  ['/p/fstatat64', 'stat'],
  ['/p/i386', 'exec'],
  ['/p/open32', 'open'],
  ['/p/openat32', 'open'],
  ['/p/relative32', 'open'],
  ['/p/stat64', 'stat'],
];

const WAYS = [
  { runtime: 'crun', tracer: 'notify' },
  { runtime: 'runc', tracer: 'notify' },
  { runtime: 'crun', tracer: 'strace' },
  { runtime: 'runc', tracer: 'strace' },
] as const;
const here = WAYS.filter(({ runtime, tracer }) => needs(runtime) && (tracer === 'notify' || needs('strace')));
const buildable: Readonly<Record<Build, boolean>> = {
  dynamic: canBuild('dynamic'),
  static: canBuild('static'),
  i386: canBuild('i386'),
};

/** strace does not name the working folder of calls without a descriptor, and cannot tell these names from the kernel's own word. */
const BEYOND_STRACE: ReadonlySet<string> = new Set(['/p/odd (deleted)/in-odd', '/p/gone/lost-in-deleted']);

const pairs = (observation: Observation): (readonly [string, string])[] =>
  observation.paths.map(({ how, path }) => [path, how.join(',')]);

async function observe(
  how: (typeof WAYS)[number],
  rootfs: string,
  args: readonly string[],
  changes: Partial<RunSpec> = {},
): Promise<Observation> {
  const { dir, sandbox } = await sandboxIn(how);
  const running = await sandbox.start(
    nodeSpec(rootfs, '', { args, trace: { syscalls: false }, readOnly: false, ...changes }),
  );
  const { stderr } = await outputOf(running);
  expect(stderr).toBe('');
  expect(await running.wait()).toEqual({ code: 0 });
  const observation = await running.observation();
  expect(leftoversBelow(dir)).toEqual([]);
  return observation;
}

describe.each(['dynamic', 'static'] as const)('a program built %s', (build) => {
  let root: ReturnType<typeof makeTraceRoot> | undefined;
  beforeAll(() => {
    if (buildable[build]) root = makeTraceRoot([['accesses', build]]);
  });
  afterAll(() => root?.remove());

  it.skipIf(!buildable[build]).each(here)(
    'is seen doing each of its accesses, with $runtime and $tracer',
    async (way) => {
      const observation = await observe(way, root?.dir ?? '', ['/p/accesses']);
      const seen = new Map(pairs(observation));
      const expected = EXPECTED.filter(([path]) => way.tracer === 'notify' || !BEYOND_STRACE.has(path));
      expect(expected.map(([path]) => [path, seen.get(path)])).toEqual(expected);
      // Below /p nothing else, and nothing of the runtime's own; elsewhere only what its loader wants.
      const listed = new Set(EXPECTED.map(([path]) => path));
      const others = [...seen.keys()].filter(
        (path) => !listed.has(path) && (way.tracer === 'notify' || !BEYOND_STRACE.has(path)),
      );
      expect(others.filter((path) => !/^\/(lib|lib64|usr\/lib|etc\/ld\.so)\b/.test(path))).toEqual(
        build === 'dynamic' ? ['/p/library.so'] : [],
      );
      expect(observation.ports).toEqual([18080]);
      expect(observation.incomplete).toBeUndefined();
      expect(observation.syscalls).toBeUndefined();
      const asker = (path: string) => observation.paths.find((each) => each.path === path)?.by;
      expect(asker('/p/thread')).toEqual(['/p/accesses']);
      expect(asker('/p/accesses')).toEqual([]);
      expect(new Set(observation.paths.map(({ phase }) => phase))).toEqual(new Set(['start']));
    },
  );
});

describe('a 32-bit program', () => {
  let root: ReturnType<typeof makeTraceRoot> | undefined;
  beforeAll(() => {
    if (buildable.i386) root = makeTraceRoot([['i386', 'i386']]);
  });
  afterAll(() => root?.remove());

  it.skipIf(!buildable.i386).each(here)(
    'is seen through its own table of calls, with $runtime and $tracer',
    async (way) => {
      const observation = await observe(way, root?.dir ?? '', ['/p/i386']);
      expect(pairs(observation)).toEqual(EXPECTED_32);
      expect(observation.ports).toEqual([18066, 18067]);
      const all = await observe(way, root?.dir ?? '', ['/p/i386'], { trace: { syscalls: true } });
      expect(pairs(all)).toEqual(EXPECTED_32);
      expect(all.syscalls).toEqual(expect.arrayContaining(['chdir', 'fstatat64', 'listen', 'stat64', 'read']));
      expect(all.syscalls).not.toContain('inotify_add_watch');
    },
  );
});

describe.each(['node', 'python3'])('%s, at its start', (name) => {
  const program = name === 'node' ? process.execPath : '/usr/bin/python3';
  const args =
    name === 'node' ? [program, '-e', 'require("http"); require("zlib")'] : [program, '-c', 'import json, http.server'];

  it.skipIf(!existsSync(program) || process.getuid?.() !== 0 || !needs('crun', 'strace'))(
    'asks for the same by notification as by strace',
    async () => {
      // The machine's own root, read-only as any: no image of an interpreter is needed.
      const [notified, straced] = [await observe(WAYS[0], '/', args), await observe(WAYS[2], '/', args)];
      expect(notified.paths.length).toBeGreaterThan(10);
      expect(pairs(notified)).toEqual(pairs(straced));
    },
  );
});

describe('many processes', () => {
  let root: ReturnType<typeof makeTraceRoot> | undefined;
  beforeAll(() => {
    if (buildable.static) root = makeTraceRoot([['forks', 'static']]);
  });
  afterAll(() => root?.remove());

  it.skipIf(!buildable.static || !needs('crun'))('are all seen', async () => {
    const generations = 100;
    const observation = await observe(WAYS[0], root?.dir ?? '', ['/p/forks', String(generations)]);
    const children = observation.paths.filter(({ path }) => /^\/p\/fork-\d+-\d-\d$/.test(path));
    expect(children).toHaveLength(generations * 8 * 5);
    expect(new Set(observation.paths.flatMap(({ by }) => by))).toEqual(new Set(['/p/forks']));
  });
});
