import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { TreePath } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { elfAnalyser } from '../../../src/evidence/elf/index.ts';
import { observedRoots, startOnly } from '../../../src/evidence/observed/index.ts';
import { shellAnalyser } from '../../../src/evidence/shell/index.ts';
import type { Analyser, Edge } from '../../../src/evidence/types.ts';
import { hostTree } from '../../helpers/host-tree.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { profileWith } from './profiles.ts';

const { content, tree } = memoryTree({
  '/bin/app': 'x',
  '/lib/a.so': { link: 'a.so.1' },
  '/lib/a.so.1': 'x',
  '/lib/b.so': 'x',
  '/lib/plugin.so': 'x',
  '/lib/p.so': 'x',
  '/lib/ld.so': 'x',
});

const edge = (from: string, to: string, kind: Edge['kind'], certainty: Edge['certainty'] = 'sure'): Edge => ({
  from,
  to: to as TreePath,
  kind,
  because: 'x',
  certainty,
});

describe('only what starts a program', () => {
  it('leaves out what is opened later, and what only that needs', async () => {
    const answer = [
      edge('/lib/plugin.so', '/lib/p.so', 'elf-needed'),
      edge('/lib/a.so.1', '/lib/b.so', 'elf-needed'),
      edge('/bin/app', '/lib/ld.so', 'interpreter'),
      edge('/bin/app', '/lib/a.so', 'elf-needed'),
      edge('/bin/app', '/lib/faster/a.so', 'elf-needed', 'likely'),
      edge('/bin/app', '/lib/plugin.so', 'elf-dlopen'),
      edge('/bin/app', '/bin/other', 'command'),
      edge('/lib/b.so', '/lib/a.so', 'elf-needed'),
    ];
    const analyser: Analyser = { name: 'elf', wants: () => true, edges: () => Promise.resolve(answer) };
    const path = '/bin/app' as TreePath;
    const entry = tree.get(path);
    if (entry === undefined) throw new Error('it is there');
    const question = { path, entry, context: { argv: [], env: {}, cwd: '/' as TreePath } };
    const edges = await startOnly(analyser).edges(question, { tree, content, warn: () => undefined });
    expect(edges.map((item) => `${item.from} ${item.to}`).sort()).toEqual([
      '/bin/app /lib/a.so',
      '/bin/app /lib/ld.so',
      '/lib/a.so.1 /lib/b.so',
      '/lib/b.so /lib/a.so',
    ]);
  });

  it.skipIf(!needs('ldd'))('is what ldd says, for this Node', async () => {
    const host = hostTree();
    const node = realpathSync(process.execPath);
    const { roots } = observedRoots({
      profile: profileWith([{ path: node, how: ['exec'] }]),
      tree: host.tree,
      context: { argv: ['node'], env: {}, cwd: '/' as TreePath },
    });
    const { graph } = await collect({
      roots,
      analysers: [elfAnalyser(), shellAnalyser()].map(startOnly),
      ...host,
      ctx: createContext({ onEvent: () => undefined, signal: new AbortController().signal }),
    });
    const files = graph.edges.flatMap(({ to }) => (host.tree.get(to)?.type === 'file' && graph.has(to) ? [to] : []));
    const said = execFileSync('ldd', [node], { encoding: 'utf8' });
    const expected = [...said.matchAll(/(\/\S+) \(0x/g)].map((match) => realpathSync(match[1] ?? ''));
    expect([...new Set<string>(files)].sort()).toEqual([...new Set([node, ...expected])].sort());
  });
});
