import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveRegistry } from '../../src/ship/registry/server.ts';
import { openStore } from '../../src/store/index.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { makeIndex } from '../helpers/index-image.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

interface List {
  readonly failed: number;
  readonly copies: readonly {
    readonly target: string;
    readonly result?: { readonly bytes: number };
    readonly error?: { readonly code: string };
  }[];
}

describe('tare copy --from-file', () => {
  it('ends with 1 when a line failed, and lists it', async () => {
    const dir = tempDir();
    const home = join(dir, 'home');
    await makeIndex(await openStore({ home }), 'multi:1');
    const list = join(dir, 'list.txt');
    writeFileSync(list, `# all of them\nmulti:1 oci:${dir}/layout:a\nnothing:1 oci:${dir}/layout:b # not there\n`);
    const told = await tareJson<List>(['copy', '--all-platforms', '--from-file', list], { home, code: 1 });
    expect(told.failed).toBe(1);
    expect(told.copies[1]?.error?.code).toBe('E_IMAGE_NOT_FOUND');
    expectShape('copy', told);
    const again = await tare(['copy', '--all-platforms', '--from-file', list], { home });
    expect(again.code).toBe(1);
    expect(again.stdout).toContain(`multi:1 → oci:${dir}/layout:a: there already`);
    expect(again.stdout).toContain(`1 of 2 images failed:\nnothing:1 oci:${dir}/layout:b`);
    expect(readFileSync(join(dir, 'layout', 'index.json'), 'utf8')).not.toContain('"b"');
  });

  it('sends a blob once to a registry, however many repositories it goes to', async () => {
    const dir = tempDir();
    const home = join(dir, 'home');
    await makeIndex(await openStore({ home }), 'multi:1');
    const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: join(dir, 'registry') });
    onTestFinished(() => server.stop());
    const { host } = new URL(server.url);
    const list = join(dir, 'list.txt');
    const targets = ['a', 'b', 'c', 'd', 'e'].map((name) => `docker://${host}/${name}:1`);
    writeFileSync(list, targets.map((target) => `multi:1 ${target}\n`).join(''));
    const told = await tareJson<List>(['copy', '--all-platforms', '--from-file', list], { home });
    expect(told.failed).toBe(0);
    // The manifests go to each of them, layers and configs to one.
    const bytes = told.copies.map(({ result }) => result?.bytes ?? 0);
    const documents = Math.min(...bytes);
    const once = bytes.reduce((sum, own) => sum + own, 0) - bytes.length * documents;
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).not.toMatch(/route="upload",method="PUT",status="4/);
    const alone = await tareJson<{ bytes: number }>(
      ['copy', '--all-platforms', 'multi:1', `oci:${join(dir, 'layout')}:x`],
      { home },
    );
    expect(once).toBe(alone.bytes - documents);
  });

  it('says what is wrong with the words, with the list, and with its file', async () => {
    const dir = tempDir();
    const list = join(dir, 'list.txt');
    writeFileSync(list, 'alone\n');
    for (const [args, text] of [
      [['copy'], 'E_USAGE'],
      [['copy', 'a'], 'E_USAGE'],
      [['copy', 'a', 'b', '--from-file', list], 'E_USAGE'],
      [['copy', '--from-file', list], 'list.txt:1'],
      [['copy', '--from-file', join(dir, 'none')], 'cannot read the list'],
    ] as const) {
      const answer = await tare(args, { home: join(dir, 'home') });
      expect(answer.code).toBeGreaterThan(1);
      expect(answer.stderr).toContain(text);
    }
  });

  it('tells a dry run in the form of its schema', async () => {
    const dir = tempDir();
    const home = join(dir, 'home');
    await makeIndex(await openStore({ home }), 'multi:1');
    const plan = await tareJson(['copy', '--all-platforms', '--dry-run', 'multi:1', `oci:${dir}/x:x`], { home });
    expectShape('copy', plan);
    expect(plan).toMatchObject({ dryRun: true, blobs: 8 });
    const text = await tare(['copy', '--all-platforms', '--dry-run', 'multi:1', `oci:${dir}/x:x`], { home });
    expect(text.stdout).toContain('to travel 8 blobs');
  });
});
