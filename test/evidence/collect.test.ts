import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { isTareError } from '../../src/base/error.ts';
import type { TareEvent } from '../../src/base/events.ts';
import { pathOfText, ROOT } from '../../src/base/path.ts';
import { collect, type Collected, createCollector, type RootPath } from '../../src/evidence/collect.ts';
import { elfAnalyser } from '../../src/evidence/elf/index.ts';
import { shellAnalyser } from '../../src/evidence/shell/index.ts';
import type { Analyser, Edge, ProcessContext, Question } from '../../src/evidence/types.ts';
import { hostTree } from '../helpers/host-tree.ts';
import { memoryTree, type MemoryFile } from '../helpers/memory-tree.ts';

const at = pathOfText;
const CONTEXT: ProcessContext = { argv: [], env: {}, cwd: ROOT };

function root(path: string, options: Partial<RootPath> = {}): RootPath {
  return { root: 'app', path: at(path), kind: 'app', because: 'own', context: CONTEXT, ...options };
}

interface Rule {
  readonly to: string;
  readonly certainty?: Edge['certainty'];
  readonly settled?: true;
  /** argv of the process that uses it. */
  readonly starts?: string;
}

/** An analyser that follows a table, and notes what it was asked. */
function tableAnalyser(name: string, table: Readonly<Record<string, readonly (Rule | string)[]>>) {
  const asked: Question[] = [];
  const analyser: Analyser = {
    name,
    wants: () => true,
    edges: async (question, tools) => {
      asked.push(question);
      await new Promise((resolve) => setImmediate(resolve));
      const rules = table[question.path] ?? [];
      if (rules.length > 0) tools.warn({ code: name, message: `asked about ${question.path}` });
      return rules.map((rule): Edge => {
        const { certainty, settled, starts, to } = typeof rule === 'string' ? { to: rule } : ({ ...rule } as Rule);
        return {
          from: question.path,
          to: at(to),
          kind: 'opened',
          because: name,
          certainty: certainty ?? 'sure',
          ...(settled && { settled }),
          ...(starts !== undefined && { starts: { ...CONTEXT, argv: [starts] } }),
        };
      });
    },
  };
  return { analyser, asked, paths: () => asked.map((question) => question.path).sort() };
}

async function run(
  files: Readonly<Record<string, MemoryFile>>,
  roots: readonly RootPath[],
  analysers: readonly Analyser[] = [],
): Promise<Collected> {
  return collect({ ...memoryTree(files), roots, analysers, ctx: createContext({ concurrency: 3 }) });
}

const rows = (collected: Collected): string[] =>
  collected.graph.edges.map(
    (edge) => `${edge.from} ${edge.kind}${edge.certainty === 'sure' ? '' : ` (${edge.certainty})`} ${edge.to}`,
  );

describe('collect', () => {
  const cases: readonly {
    name: string;
    files: Record<string, MemoryFile>;
    asked: string;
    edges: string[];
    warnings?: string[];
  }[] = [
    { name: 'a file', files: { '/a': 'x' }, asked: '/a', edges: ['app app /a'] },
    { name: 'a folder, alone', files: { '/d/a': 'x' }, asked: '/d', edges: ['app app /d'] },
    { name: 'nothing for what is missing', files: { '/a': 'x' }, asked: '/b/c', edges: [] },
    { name: 'nothing below a file', files: { '/a': 'x' }, asked: '/a/b', edges: [] },
    {
      name: 'a link and the file behind it',
      files: { '/lib/x.so': { link: 'x.so.1' }, '/lib/x.so.1': 'x' },
      asked: '/lib/x.so',
      edges: ['/lib/x.so symlink /lib/x.so.1', 'app app /lib/x.so'],
    },
    {
      name: 'a chain of links',
      files: { '/a': { link: '/b' }, '/b': { link: 'd/../c' }, '/c': 'x', '/d/y': '' },
      asked: '/a',
      edges: ['/a symlink /b', '/b looked-up /d', '/b symlink /c', 'app app /a'],
    },
    {
      name: 'a file through a linked folder: the link is kept, the reason leads to the file',
      files: { '/lib': { link: 'usr/lib' }, '/usr/lib/x.so': 'x' },
      asked: '/lib/x.so',
      edges: ['app symlink /lib', 'app app /usr/lib/x.so'],
    },
    {
      name: 'merged /usr and a soname link',
      files: {
        '/lib64': { link: 'usr/lib64' },
        '/usr/lib64/ld.so': { link: '../lib/x/ld-2.so' },
        '/usr/lib/x/ld-2.so': 'x',
      },
      asked: '/lib64/ld.so',
      edges: ['/usr/lib64/ld.so symlink /usr/lib/x/ld-2.so', 'app symlink /lib64', 'app app /usr/lib64/ld.so'],
    },
    {
      name: 'a link whose target runs through another linked folder',
      files: { '/a': { link: '/lib/x' }, '/lib': { link: 'usr/lib' }, '/usr/lib/x': 'x' },
      asked: '/a',
      edges: ['/a symlink /lib', '/a symlink /usr/lib/x', 'app app /a'],
    },
    {
      name: 'a link that leads nowhere, as a link',
      files: { '/a': { link: '/data/x' } },
      asked: '/a',
      edges: ['app app /a'],
    },
    {
      name: 'an empty link',
      files: { '/a': { link: '' } },
      asked: '/a',
      edges: ['app app /a'],
    },
    {
      name: 'the first of links in a circle, with a warning',
      files: { '/a': { link: 'b' }, '/b': { link: 'a' } },
      asked: '/a',
      edges: ['app app /a'],
      warnings: ['symlink-loop'],
    },
    {
      name: 'a path below a circle: nothing, with a warning',
      files: { '/a': { link: 'b/c' }, '/b': { link: 'a' } },
      asked: '/a/x',
      edges: [],
      warnings: ['symlink-loop'],
    },
    { name: 'the root: nothing', files: { '/a': 'x' }, asked: '/', edges: [] },
  ];
  it.each(cases)('keeps $name', async ({ asked, edges, files, warnings }) => {
    const collected = await run(files, [root(asked)]);
    expect(rows(collected).sort()).toEqual([...edges].sort());
    expect(collected.warnings.map((warning) => warning.code)).toEqual(warnings ?? []);
  });

  it('explains a file by what needs it, not by the linked folder that others share', async () => {
    const files = {
      '/lib': { link: 'usr/lib' },
      '/usr/lib/a.so': 'x',
      '/usr/lib/b.so': 'x',
      '/bin/p': 'x',
      '/bin/q': 'x',
    };
    const { analyser } = tableAnalyser('t', {
      '/bin/p': [{ to: '/lib/a.so' }],
      '/bin/q': [{ to: '/lib/b.so', certainty: 'guess' }],
    });
    const { graph } = await run(files, [root('/bin/p'), root('/bin/q')], [analyser]);
    expect(graph.chain(at('/usr/lib/b.so')).map((edge) => `${edge.from} ${edge.certainty}`)).toEqual([
      'app sure',
      '/bin/q guess',
    ]);
    expect(graph.chain(at('/lib')).map((edge) => edge.to)).toEqual(['/bin/p', '/lib']);
  });

  it('gives a chain to everything that it keeps, until nothing is new', async () => {
    const { analyser, paths } = tableAnalyser('t', { '/a': ['/b', '/x'], '/b': ['/c', '/a'], '/c': ['/c'] });
    const { graph, warnings } = await run({ '/a': '', '/b': '', '/c': '', '/d': '' }, [root('/a')], [analyser]);
    expect(graph.edges.map((edge) => edge.to).filter((path) => graph.chain(path).length === 0)).toEqual([]);
    expect(graph.has(at('/c'))).toBe(true);
    expect(graph.has(at('/x'))).toBe(false);
    expect(paths()).toEqual(['/a', '/b', '/c']);
    expect(warnings.map((warning) => warning.message)).toEqual(['asked about /a', 'asked about /b', 'asked about /c']);
  });

  it('asks about the file behind the links, with its beginning', async () => {
    const heads: number[] = [];
    const analyser: Analyser = {
      name: 'head',
      wants: (question, head) => {
        heads.push(head.length);
        expect(question.path).toBe('/big');
        return false;
      },
      edges: () => Promise.reject(new Error('not wanted')),
    };
    await run({ '/a': { link: 'big' }, '/big': 'x'.repeat(5000) }, [root('/a')], [analyser]);
    expect(heads).toEqual([4096]);
  });

  describe('settled edges', () => {
    const settled = (to: string): Rule => ({ to, settled: true });
    it('keep their own analyser from being asked, and no other', async () => {
      const one = tableAnalyser('one', { '/a': [settled('/link')] });
      const two = tableAnalyser('two', {});
      await run({ '/a': '', '/link': { link: '/b' }, '/b': '' }, [root('/a')], [one.analyser, two.analyser]);
      expect(one.paths()).toEqual(['/a']);
      expect(two.paths()).toEqual(['/a', '/b']);
    });
    it('do not when a root leads there too', async () => {
      const one = tableAnalyser('one', { '/a': [settled('/b')] });
      await run({ '/a': '', '/b': '' }, [root('/a'), root('/b')], [one.analyser]);
      expect(one.paths()).toEqual(['/a', '/b']);
    });
    it('do not when an edge that is not settled leads there, in the same wave or later', async () => {
      const one = tableAnalyser('one', { '/a': [settled('/b'), settled('/c'), '/d', '/c'], '/d': ['/b'] });
      await run({ '/a': '', '/b': '', '/c': '', '/d': '' }, [root('/a')], [one.analyser]);
      expect(one.paths()).toEqual(['/a', '/b', '/c', '/d']);
    });
    it('do not when another analyser leads there', async () => {
      const one = tableAnalyser('one', { '/a': [settled('/b')] });
      const two = tableAnalyser('two', { '/a': [settled('/b')] });
      await run({ '/a': '', '/b': '' }, [root('/a')], [one.analyser, two.analyser]);
      expect(one.paths()).toEqual(['/a', '/b']);
      expect(two.paths()).toEqual(['/a', '/b']);
    });
  });

  describe('contexts', () => {
    const context = (name: string): ProcessContext => ({ ...CONTEXT, argv: [name] });
    it('go from the root to what it leads to', async () => {
      const one = tableAnalyser('one', { '/a': ['/b'] });
      await run({ '/a': '', '/b': '' }, [root('/a', { context: context('x') })], [one.analyser]);
      expect(one.asked.map((question) => question.context.argv)).toEqual([['x'], ['x']]);
    });
    it('are all asked about a root, and the first by bytes about what several lead to', async () => {
      const one = tableAnalyser('one', { '/a': ['/b'] });
      const roots = ['z', 'y', 'y'].map((name) => root('/a', { context: context(name), root: `start:${name}` }));
      await run({ '/a': '', '/b': '' }, roots, [one.analyser]);
      expect(one.asked.map((question) => `${question.path} ${question.context.argv.join()}`)).toEqual([
        '/a y',
        '/a z',
        '/b y',
      ]);
    });
  });

  describe('what an edge starts', () => {
    const asked = ({ asked: questions }: ReturnType<typeof tableAnalyser>): string[] =>
      questions.map(({ context, path }) => `${path} ${context.argv.join()}`).sort();
    const files = { '/a': '', '/b': '', '/c': '', '/d': '', '/link': { link: 'b' } };

    it('is asked about in its own context, and so is what that leads to', async () => {
      const one = tableAnalyser('one', { '/a': [{ to: '/link', starts: 'b' }], '/b': ['/c'] });
      const { graph } = await run(files, [root('/a')], [one.analyser]);
      expect(asked(one)).toEqual(['/a ', '/b b', '/c b']);
      expect(graph.edges.some((edge) => 'starts' in edge)).toBe(false);
    });

    it('is asked about once for each context, whatever was asked before or comes by', async () => {
      const one = tableAnalyser('one', {
        '/a': ['/b', { to: '/c', starts: 'c' }, { to: '/d', starts: 'd' }],
        '/b': [{ to: '/b', starts: 'b' }, '/c'],
        '/c': [
          { to: '/b', starts: 'c' },
          { to: '/b', starts: 'b' },
        ],
        '/d': [
          { to: '/c', starts: 'c' },
          { to: '/a', starts: 'a' },
        ],
      });
      await run(files, [root('/a')], [one.analyser]);
      expect(asked(one)).toEqual(['/a ', '/a a', '/b ', '/b b', '/b c', '/c c', '/d d']);
    });

    it('is not asked of the analyser that has settled it', async () => {
      const one = tableAnalyser('one', { '/a': [{ to: '/b', settled: true, starts: 'b' }] });
      const two = tableAnalyser('two', {});
      await run(files, [root('/a')], [one.analyser, two.analyser]);
      expect([asked(one), asked(two)]).toEqual([['/a '], ['/a ', '/b b']]);
    });

    it('comes to an end when it starts itself in ever new ways', async () => {
      const analyser: Analyser = {
        name: 'more',
        wants: () => true,
        edges: async ({ context, path }) => [
          {
            from: path,
            to: at(path === '/a' ? '/b' : '/a'),
            kind: 'command',
            because: 'again',
            certainty: 'sure',
            starts: { ...context, argv: [...context.argv, 'x'] },
          },
        ],
      };
      const { warnings } = await run(files, [root('/a')], [analyser]);
      expect(warnings.map((warning) => warning.code)).toEqual(['start-limit']);
    });
  });

  it('does not depend on the order of roots and edges, nor on how much is done at once', async () => {
    const paths = ['/a', '/b', '/c', '/d', '/e', '/f'];
    const files: Record<string, MemoryFile> = Object.fromEntries(paths.map((path) => [path, path]));
    Object.assign(files, { '/l': { link: 'd' }, '/m/n': { link: '../l' }, '/o': { link: 'm' } });
    const all = [...paths, '/l', '/m/n', '/o/n', '/o', '/missing'];
    const target = fc.record(
      { to: fc.constantFrom(...all), settled: fc.constant(true as const), starts: fc.constantFrom('x', 'z') },
      { requiredKeys: ['to'] },
    );
    const table = fc.dictionary(fc.constantFrom(...paths), fc.array(target, { maxLength: 4 }));
    const start = fc.record({ path: fc.constantFrom(...all), argv: fc.constantFrom('x', 'y') });
    await fc.assert(
      fc.asyncProperty(table, fc.array(start, { maxLength: 4 }), fc.boolean(), async (edges, starts, turn) => {
        const roots = starts.map(({ argv, path }) => root(path, { context: { ...CONTEXT, argv: [argv] } }));
        const turned = Object.fromEntries(Object.entries(edges).map(([path, list]) => [path, [...list].reverse()]));
        const [one, two] = [tableAnalyser('t', edges), tableAnalyser('t', turned)];
        const first = await run(files, roots, [one.analyser]);
        const second = await collect({
          ...memoryTree(files),
          roots: turn ? [...roots].reverse() : roots,
          analysers: [two.analyser],
          ctx: createContext({ concurrency: 1 }),
        });
        expect(second.graph.edges).toEqual(first.graph.edges);
        expect(second.warnings).toEqual(first.warnings);
        const asked = (t: typeof one) => t.asked.map((q) => `${q.path} ${q.context.argv.join()}`).sort();
        expect(asked(two)).toEqual(asked(one));
        for (const { to } of first.graph.edges) expect(first.graph.chain(to)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const analyser: Analyser = {
      name: 'abort',
      wants: () => true,
      edges: () => {
        abort.abort();
        return Promise.resolve([{ from: at('/a'), to: at('/b'), kind: 'opened', because: '', certainty: 'sure' }]);
      },
    };
    const work = collect({
      ...memoryTree({ '/a': '', '/b': '' }),
      roots: [root('/a')],
      analysers: [analyser],
      ctx: createContext({ signal: abort.signal }),
    });
    await expect(work).rejects.toSatisfy((error) => isTareError(error, 'E_CANCELLED'));
  });

  it('reports its progress', async () => {
    const events: TareEvent[] = [];
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`/f${index}`, 'x']));
    await collect({
      ...memoryTree(files),
      roots: Object.keys(files).map((path) => root(path)),
      analysers: [],
      ctx: createContext({ onEvent: (event) => events.push(event) }),
    });
    expect(events.map((event) => event.kind === 'step.progress' && event.done)).toEqual([256, 512, 600]);
  });

  it('finds what this machine needs to run its shell', async () => {
    const context: ProcessContext = { argv: ['/bin/sh', '-c', 'exec env cat /etc/passwd'], env: {}, cwd: ROOT };
    const start = root('/bin/sh', { root: 'entrypoint', kind: 'entrypoint', context });
    const { graph } = await collect({
      ...hostTree(),
      roots: [start],
      analysers: [elfAnalyser(), shellAnalyser()],
      ctx: createContext(),
    });
    const kept = graph.edges.map((edge) => edge.to);
    expect(kept.filter((path) => graph.chain(path).length === 0)).toEqual([]);
    expect(kept.filter((path) => /\/(cat|env)$/.test(path))).not.toEqual([]);
    expect(kept.filter((path) => /\/libc\.(so|musl)/.test(path))).not.toEqual([]);
    expect(graph.has(at('/etc/passwd'))).toBe(true);
  });
});

describe('evidence that grows', () => {
  const FILES = { '/a': 'x', '/b': 'x', '/c': 'x', '/d': 'x', '/e': 'x' };
  const TABLE = { '/a': ['/b'], '/b': ['/c'], '/d': ['/b', '/e'] };

  it('asks about nothing twice, and ends where one call would', async () => {
    const { analyser, paths } = tableAnalyser('t', TABLE);
    const collector = createCollector({ ...memoryTree(FILES), analysers: [analyser], ctx: createContext({}) });
    await collector.add([root('/a')]);
    expect(collector.collected().graph.has(at('/e'))).toBe(false);
    await collector.add([root('/d'), root('/a')]);
    await collector.add([]);
    expect(paths()).toEqual(['/a', '/b', '/c', '/d', '/e']);
    const once = await run(FILES, [root('/a'), root('/d')], [tableAnalyser('t', TABLE).analyser]);
    expect(collector.collected().graph.edges).toEqual(once.graph.edges);
    expect(collector.collected().warnings).toEqual(once.warnings);
  });

  it('asks the loaders alone about spare roots and what they find, until somebody needs it', async () => {
    const all = tableAnalyser('all', TABLE);
    const loader = tableAnalyser('loader', { '/d': ['/b'] });
    const collector = createCollector({
      ...memoryTree(FILES),
      analysers: [all.analyser],
      loaders: [loader.analyser],
      ctx: createContext({}),
    });
    await collector.add([root('/d', { spare: true })]);
    expect([all.paths(), loader.paths()]).toEqual([[], ['/b', '/d']]);
    expect(collector.collected().graph.has(at('/e'))).toBe(false);
    await collector.add([root('/a'), root('/e', { spare: true }), root('/e')]);
    expect(all.paths()).toEqual(['/a', '/b', '/c', '/e']);
    expect(loader.paths()).toEqual(['/b', '/d', '/e']);
  });
});
