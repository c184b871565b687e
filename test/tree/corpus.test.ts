import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapLimit } from '../../src/base/concurrency.ts';
import { isTareError } from '../../src/base/error.ts';
import { createLayerCache } from '../../src/store/layer-cache.ts';
import type { Store } from '../../src/store/types.ts';
import { contentReader } from '../../src/tree/content.ts';
import { treeOfDirectory } from '../../src/tree/directory.ts';
import { treeOfImage } from '../../src/tree/image-tree.ts';
import { describeTree } from '../helpers/describe-tree.ts';
import { gzipLayer, imageOf, layerTar, writeLayout } from '../helpers/layer-image.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { CORPUS } from './corpus/index.ts';
import type { Scenario } from './corpus/types.ts';

const isRoot = process.getuid?.() === 0;

async function made(scenario: Scenario): Promise<readonly string[] | { readonly error: string }> {
  const cache = createLayerCache({ home: tempDir() });
  const image = imageOf(scenario.layers.map((items) => gzipLayer(layerTar(items))));
  try {
    const { content, tree } = await treeOfImage(image, cache as Store);
    return await describeTree(tree, content);
  } catch (error) {
    if (isTareError(error)) return { error: error.code };
    throw error;
  }
}

/** What umoci leaves on disk; undefined when it refuses. */
async function unpacked(scenario: Scenario, dir: string): Promise<readonly string[] | undefined> {
  writeLayout(
    join(dir, 'layout'),
    scenario.layers.map((items) => gzipLayer(layerTar(items))),
  );
  const args = ['unpack', '--image', `${join(dir, 'layout')}:latest`, join(dir, 'bundle')];
  const exitCode = await new Promise((resolve, reject) => {
    spawn('umoci', args, { stdio: 'ignore' }).on('error', reject).on('close', resolve);
  });
  if (exitCode !== 0) return undefined;
  const content = contentReader({ layerTar: () => Promise.reject(new Error('no layers here')) });
  return describeTree(await treeOfDirectory(join(dir, 'bundle', 'rootfs')), content);
}

/** Which name of an inode counts as the file is not on the disk, and Node reads no attributes: both are left out of the comparison. */
function comparable(lines: readonly string[]): string[] {
  const plain = lines.map((line) => line.replace(/ \{[a-z]+\..*\}$/s, '').trimEnd());
  const groups = new Map<string, string[]>();
  for (const line of plain) {
    const link = /^h (.*) -> (.*)$/s.exec(line);
    if (link !== null) groups.set(link[2] ?? '', [...(groups.get(link[2] ?? '') ?? [link[2] ?? '']), link[1] ?? '']);
  }
  const names = [...groups.values()].map((group) => `= ${group.sort().join(' ')}`);
  const without = plain
    .filter((line) => !line.startsWith('h '))
    .map((line) => {
      for (const [target, group] of groups) line = line.replace(` ${target}`, ` ${group.sort()[0]}`);
      return line;
    });
  return [...without, ...names].sort();
}

describe('the corpus', () => {
  it('is large, and names each image once', () => {
    const names = CORPUS.flatMap(([topic, scenarios]) => scenarios.map(({ name }) => `${topic}: ${name}`));
    expect(names.length).toBeGreaterThan(150);
    expect(new Set(names).size).toBe(names.length);
  });
});

for (const [topic, scenarios] of CORPUS) {
  describe(topic, () => {
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
      expect(await made(scenario)).toEqual(scenario.makes);
    });
  });

  it.skipIf(!needs('umoci') || !isRoot)(`${topic}, as umoci unpacks them`, async () => {
    const dir = tempDir();
    const same = scenarios.filter(({ umoci }) => umoci === undefined);
    const found = await mapLimit(same, 4, async (scenario, index) => {
      const lines = await unpacked(scenario, join(dir, String(index)));
      return [scenario.name, lines === undefined ? 'refused' : comparable(lines)];
    });
    const expected = same.map(({ makes, name }) => [name, 'error' in makes ? 'refused' : comparable(makes)]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });
}

describe('extended attributes, as umoci unpacks them', () => {
  it.skipIf(!needs('umoci', 'getfattr') || !isRoot)('capabilities', async () => {
    const dir = tempDir();
    const scenario = CORPUS.flatMap(([, scenarios]) => scenarios).find(({ name }) => name === 'xattrs: capabilities');
    writeLayout(join(dir, 'layout'), scenario?.layers.map((items) => gzipLayer(layerTar(items))) ?? []);
    execFileSync('umoci', ['unpack', '--image', `${join(dir, 'layout')}:latest`, join(dir, 'bundle')]);
    const found = execFileSync('getfattr', ['-d', '-m', '-', '-e', 'hex', join(dir, 'bundle/rootfs/a')]).toString();
    expect(found).toContain('security.capability=0x0100000200040000');
  });
});
