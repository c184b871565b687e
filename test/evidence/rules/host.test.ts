import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { nameOf, pathOfText } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { elfAnalyser } from '../../../src/evidence/elf/index.ts';
import { applyRules, NEW_IMAGE_RULES } from '../../../src/evidence/rules/index.ts';
import { hostTree } from '../../helpers/host-tree.ts';

/** The whole way on real files: the Node that runs this test, with its libraries, on this machine. */
describe('the rules on this machine', () => {
  it('add next to nothing to Node and its libraries, and settle after one more round', async () => {
    const { content, tree } = hostTree();
    const context = { argv: [process.execPath], env: {}, cwd: pathOfText('/app') };
    const node = {
      root: 'entrypoint',
      path: pathOfText(process.execPath),
      kind: 'entrypoint',
      because: 'test',
      context,
    } as const;
    const ask = async (roots: readonly Parameters<typeof collect>[0]['roots'][number][]) => {
      const { graph } = await collect({ roots, analysers: [elfAnalyser()], tree, content, ctx: createContext() });
      const ruled = await applyRules(NEW_IMAGE_RULES, {
        tree,
        content,
        graph,
        context,
        options: { user: '65532:65532' },
        warn: () => undefined,
      });
      return { graph, ...ruled };
    };
    const first = await ask([node]);
    const ruled = first.edges.map((edge) => ({
      root: edge.from,
      path: edge.to,
      kind: edge.kind,
      because: edge.because,
      context,
    }));
    const second = await ask([node, ...ruled]);
    expect(second.add).toEqual(first.add);
    expect(second.edges.filter((edge) => !second.graph.has(edge.to))).toEqual([]);

    const kept = [...new Set(second.graph.edges.map((edge) => edge.to))];
    expect(kept.filter((path) => second.graph.chain(path).length === 0)).toEqual([]);
    expect(kept.filter((path) => /ssl|ca-certificates|zoneinfo/.test(path))).toEqual([]);
    const glibc = kept.some((path) => nameOf(path) === 'libc.so.6');
    const made = second.add.map((item) => item.entry.path);
    expect(made.includes(pathOfText('/etc/nsswitch.conf'))).toBe(glibc);
    expect(made).toEqual(expect.arrayContaining(['/etc/passwd', '/etc/group', '/tmp']));
    const size = second.add.reduce((sum, item) => sum + item.entry.size, 0);
    const taken = second.edges.reduce((sum, edge) => sum + (tree.resolve(edge.to)?.entry.size ?? 0), 0);
    expect(size + taken).toBeLessThan(16 * 1024);
  });
});
