import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../../src/base/path.ts';
import { createGraph } from '../../../src/evidence/graph.ts';
import { dotnetManifests } from '../../../src/evidence/rules/dotnet-manifests.ts';
import { keptPrograms } from '../../../src/evidence/rules/kept-programs.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';

const LIST = {
  runtimeTarget: { name: 'target' },
  compilationOptions: {},
  targets: {
    other: {},
    target: {
      'Fx/1.0.0': {
        dependencies: { Other: '1.0.0' },
        runtime: { 'lib/a.dll': { fileVersion: '1' }, 'lib/b.dll': {} },
        native: { 'n/libc.so': {} },
      },
      'Empty/1.0.0': {},
    },
  },
  libraries: { 'Fx/1.0.0': { type: 'package' } },
};

async function reduced(version: string, kept: readonly string[], list: object = LIST) {
  const folder = `/usr/share/dotnet/shared/Fx/${version}`;
  const files = {
    [`${folder}/Fx.deps.json`]: JSON.stringify(list),
    [`${folder}/a.dll`]: '',
    [`${folder}/b.dll`]: '',
    [`${folder}/libc.so`]: '',
  };
  const { content, tree } = memoryTree(files);
  const graph = createGraph(
    ['Fx.deps.json', ...kept].map((name) => ({
      from: 'entrypoint',
      to: pathOfText(`${folder}/${name}`),
      kind: 'config',
      because: '',
      certainty: 'sure',
    })),
  );
  const context = { argv: [], env: {}, cwd: pathOfText('/') };
  const input = { tree, content, graph, context, options: { user: '' }, warn: () => {} };
  const { add } = await dotnetManifests.apply({ ...input, programs: keptPrograms(input) });
  return add.map(({ entry }) => ({
    path: entry.path,
    json: JSON.parse(Buffer.from(entry.content?.in === 'memory' ? entry.content.bytes : []).toString()) as unknown,
  }));
}

describe('dotnet-manifests', () => {
  it('lists what is kept, and leaves the rest as it was', async () => {
    const fx = { dependencies: { Other: '1.0.0' }, runtime: { 'lib/a.dll': { fileVersion: '1' } }, native: {} };
    expect(await reduced('3.1.2', ['a.dll'])).toEqual([
      {
        path: '/usr/share/dotnet/shared/Fx/3.1.2/Fx.deps.json',
        json: { ...LIST, targets: { other: {}, target: { 'Fx/1.0.0': fx, 'Empty/1.0.0': {} } } },
      },
    ]);
  });

  it.each([
    ['all is kept', '3.1.2', ['a.dll', 'b.dll', 'libc.so']],
    ['the host does not look', '8.0.1', ['a.dll']],
  ])('does nothing when %s', async (_name, version, kept) => {
    expect(await reduced(version, kept)).toEqual([]);
  });

  it('survives a list of nonsense', async () => {
    expect(await reduced('3.1.2', [], { runtimeTarget: 7, targets: { target: [] } })).toEqual([]);
  });
});
