import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { pathOfText, ROOT, type TreePath } from '../../src/base/path.ts';
import { gather } from '../../src/evidence/gather.ts';
import { shellAnalyser } from '../../src/evidence/shell/index.ts';
import type { Analyser } from '../../src/evidence/types.ts';
import { packageDbs } from '../../src/packages/index.ts';
import { memoryTree, type MemoryFile } from '../helpers/memory-tree.ts';

const at = pathOfText;
const NO_FACTS = { find: () => undefined, keep: () => undefined };

function dpkg(packages: Readonly<Record<string, readonly string[]>>): Record<string, MemoryFile> {
  const stanza = (name: string): string =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n`;
  const lists = Object.entries(packages).map(([name, paths]) => [
    `/var/lib/dpkg/info/${name}.list`,
    `${paths.join('\n')}\n`,
  ]);
  return { '/var/lib/dpkg/status': Object.keys(packages).map(stanza).join('\n'), ...Object.fromEntries(lists) };
}

const script = (line: string): MemoryFile => ({ content: `#!${line}\n`, mode: 0o755 });
const program: MemoryFile = { content: 'binary', mode: 0o755 };

const FILES: Record<string, MemoryFile> = {
  ...dpkg({
    sh: ['/.', '/usr', '/usr/bin', '/usr/bin/sh', '/usr/bin/shdoc', '/usr/share', '/usr/share/sh', '/usr/share/sh/doc'],
    perl: ['/usr/bin/perl', '/usr/lib/perl', '/usr/lib/perl/base.pm'],
    docs: ['/usr/share/docs', '/usr/share/docs/all.txt', '/usr/share/docs/more.txt'],
    folder: ['/opt/data', '/opt/data/huge'],
  }),
  '/usr/bin/sh': program,
  '/usr/bin/shdoc': script('/usr/bin/perl'),
  '/usr/share/sh/doc': 'see /usr/share/docs/all.txt',
  '/usr/bin/perl': program,
  '/usr/lib/perl/base.pm': 'x',
  '/usr/share/docs/all.txt': 'x',
  '/usr/share/docs/more.txt': 'x',
  '/opt/data/huge': 'x',
  '/srv/run': script('/usr/bin/sh'),
  '/srv/notes': 'see /usr/share/docs/all.txt',
};

/** Follows every path that a file names: what is done for files that are used. */
function reader(asked: TreePath[]): Analyser {
  return {
    name: 'reader',
    wants: () => true,
    edges: async ({ entry, path }, { content }) => {
      asked.push(path);
      const text = Buffer.from(await content.read(entry)).toString('latin1');
      const named = text.match(/\/usr\/share\/docs\/\S+/g) ?? [];
      return named.map((to) => ({ from: path, to: at(to), kind: 'opened', because: 'x', certainty: 'guess' }));
    },
  };
}

async function kept(roots: readonly string[], wholePackages = true): Promise<{ kept: string[]; asked: TreePath[] }> {
  const { content, tree } = memoryTree(FILES);
  const asked: TreePath[] = [];
  const context = { argv: [], env: {}, cwd: ROOT };
  const { graph } = await gather({
    tree,
    content,
    context,
    roots: roots.map((path) => ({ root: 'entrypoint', path: at(path), kind: 'entrypoint', because: 'x', context })),
    analysers: [
      shellAnalyser(),
      reader(asked),
      {
        name: 'folders',
        wants: ({ path }) => path === '/srv/run',
        edges: async ({ path }) => [
          { from: path, to: at('/opt/data'), kind: 'looked-up', because: 'x', certainty: 'sure' },
        ],
      },
    ],
    rules: [],
    ruleOptions: { user: '' },
    wholePackages,
    databases: await packageDbs(tree, content),
    excluded: (path) => path === '/usr/lib/perl/base.pm' && roots.includes('/srv/notes'),
    facts: NO_FACTS,
    ctx: createContext({}),
  });
  const files = [...new Set(graph.edges.map((edge) => edge.to))].filter((path) => tree.get(path)?.type === 'file');
  return { kept: files.sort(), asked };
}

describe('whole packages', () => {
  it('are those that own a file which is needed, and those that these cannot be loaded without', async () => {
    const { asked, kept: files } = await kept(['/srv/run', '/usr/bin/sh']);
    expect(files).toEqual(
      [
        '/srv/run',
        '/usr/bin/perl',
        '/usr/bin/sh',
        '/usr/bin/shdoc',
        '/usr/lib/perl/base.pm',
        '/usr/share/sh/doc',
      ].sort(),
    );
    expect(asked.sort()).toEqual(['/srv/run', '/usr/bin/sh']);
  });

  it('are followed no further than what is needed for another reason, and leave out what is excluded', async () => {
    const { asked, kept: files } = await kept(['/srv/notes', '/usr/bin/shdoc']);
    expect(files).toContain('/usr/share/docs/more.txt');
    expect(files).not.toContain('/usr/lib/perl/base.pm');
    expect(asked).not.toContain('/usr/share/sh/doc');
    expect(asked).toContain('/usr/share/docs/all.txt');
  });

  it('are not kept unless they are asked for', async () => {
    expect((await kept(['/srv/run', '/usr/bin/sh'], false)).kept).toEqual(['/srv/run', '/usr/bin/sh']);
  });
});
