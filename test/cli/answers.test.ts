import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeptTree } from '../../src/explain/kept-for.ts';
import type { MostExpensive } from '../../src/explain/most-expensive.ts';
import { tare, tareJson, type CliOptions } from '../helpers/cli.ts';
import { exampleCopy, exampleDir } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

/** A home with node-status in it, and a check of one command's answer against its schema. */
async function surroundings(): Promise<{
  options: CliOptions;
  ask: <T>(schema: string, args: readonly string[]) => Promise<T>;
}> {
  const options = { home: seededHome(), cwd: tempDir() };
  await tareJson(['build', exampleDir('node-status'), '--no-verify'], options);
  return {
    options,
    ask: async <T>(schema: string, args: readonly string[]): Promise<T> => {
      const answer = await tareJson<T>(args, options);
      expectShape(schema, answer);
      return answer;
    },
  };
}

describe('the answers in JSON', () => {
  it('of the commands that explain', async () => {
    const { ask } = await surroundings();
    const inspected = await ask<{ runtimes: { name: string; version: string }[]; os: { id: string } | null }>(
      'inspect',
      ['inspect', 'node-status'],
    );
    expect(inspected.runtimes[0]?.name).toBe('node');
    const rows = await ask<{ path: string }[]>('files', ['files', 'node-status', '--layer', '2']);
    expect(rows.every((row) => row.path.startsWith('/app'))).toBe(true);
    const [first, second] = await ask<{ change: { disk: number } }[]>('compare', [
      'compare',
      'node-status',
      'node-status',
    ]);
    expect([first?.change.disk, second?.change.disk]).toEqual([0, 0]);
    await ask('plan', ['build', exampleDir('node-status'), '--dry-run']);
    expectShape('doctor', JSON.parse((await tare(['doctor', '--json'], { home: tempDir() })).stdout));
  });

  it('of the store: tag, images, copy, rm, prune, unpack', async () => {
    const { ask, options } = await surroundings();
    const tagged = await ask<{ reference: string; digest: string }>('tag', ['tag', 'node-status', 'other:1']);
    expect(tagged.reference).toBe('other:1');
    expect((await ask<{ reference: string }[]>('images', ['images'])).map((row) => row.reference)).toEqual([
      'node-status:latest',
      'other:1',
    ]);
    const copied = await ask<{ digest: string; blobs: number }>('copy', ['copy', 'other:1', 'oci:layout:x']);
    expect(copied.digest).toBe(tagged.digest);
    const again = await ask<{ blobs: number; bytes: number }>('copy', ['copy', 'other:1', 'oci:layout:x']);
    expect(again.bytes).toBe(0);
    expect(await ask('why', ['why', 'oci:layout:x', '/app/server.js'])).toMatchObject({ kept: true });
    await ask('unpack', ['unpack', 'oci:layout:x', 'rootfs']);
    expect(readFileSync(join(options.cwd ?? '', 'rootfs/app/server.js'))).toEqual(
      readFileSync(join(exampleDir('node-status'), 'server.js')),
    );
    expect(await ask('rm', ['rm', 'other:1', 'node-status'])).toEqual({ removed: ['node-status:latest', 'other:1'] });
    const dry = await ask<{ blobs: number }>('prune', ['prune', '--dry-run']);
    expect(dry.blobs).toBeGreaterThan(4);
    expect((await ask<{ blobs: number }>('prune', ['prune'])).blobs).toBe(dry.blobs);
    expect((await ask<{ blobs: number }>('prune', ['prune'])).blobs).toBe(0);
  });

  it('of why, when a path was left out', async () => {
    const { options } = await surroundings();
    const answer = await tare(['why', 'node-status', '/app/README.md', '--json'], options);
    expect(answer.code).toBe(1);
    const why = JSON.parse(answer.stdout) as { kept: boolean; dropped: { size: number } };
    expectShape('why', why);
    expect(why).toMatchObject({ kept: false, chain: [] });
    expect(why.dropped.size).toBeGreaterThan(0);
  });

  it('of why, about all of an image', async () => {
    const { options } = await surroundings();
    const all = await tareJson<MostExpensive>(['why', 'node-status', '--most-expensive'], options);
    expectShape('why-most-expensive', all);
    const rows = await tareJson<{ type: string; size: number }[]>(['files', 'node-status'], options);
    expect(all.size).toBe(rows.reduce((sum, { size, type }) => sum + (type === 'file' ? size : 0), 0));
    expect(all.expenses.find(({ name }) => name === 'nodejs')?.keeps).toBeGreaterThan(50_000_000);
    const tree = await tareJson<KeptTree>(['why', 'node-status', '--tree', 'libc6'], options);
    expectShape('why-tree', tree);
    expect(tree.paths).toContain('/usr/lib/x86_64-linux-gnu/libc.so.6');
    expect(tree.for.length).toBeGreaterThan(0);
    expect((await tare(['why', 'node-status', '--tree', 'libc6'], options)).stdout).toContain('NEEDED libc.so.6');
    expect((await tare(['why', 'node-status', '--most-expensive', '--limit', '1'], options)).stdout).toMatch(
      /and \d+ more/,
    );
  });

  it.each([
    [['why', 'node-status'], 'E_USAGE'],
    [['why', 'node-status', '/app', '--most-expensive'], 'E_USAGE'],
    [['why', 'node-status', '/app', '--limit', '3'], 'E_USAGE'],
    [['why', 'node-status', '--tree', 'libc6', '--original', 'node-status'], 'E_USAGE'],
    [['why', 'node-status', '--tree', 'libfoo'], 'E_PATH_NOT_FOUND'],
    [['why', 'node-status', '/app', '--original', 'nothing'], 'E_IMAGE_NOT_FOUND'],
  ])('of %j: no', async (args, code) => {
    const { options } = await surroundings();
    const answer = await tare([...args, '--json'], options);
    expect(answer.code).toBe(2);
    expect(JSON.parse(answer.stderr)).toMatchObject({ error: { code } });
  });

  it('of an error: stdout empty, one line on stderr', async () => {
    const { options } = await surroundings();
    const answer = await tare(['why', 'node-status', '/nothing/here', '--json'], options);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expectShape('error', JSON.parse(answer.stderr));
  });
});

describe('tare init', () => {
  it('writes what build then follows', async () => {
    const options = { home: tempDir() };
    const dir = exampleCopy('node-status');
    const refused = await tare(['init', dir, '--json'], options);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'E_EXISTS' } });
    const made = await tareJson<{ file: string; entrypoint: string[] }>(['init', dir, '--force'], options);
    expectShape('init', made);
    expect(made.entrypoint).toEqual(['node', 'server.js']);
    expect(existsSync(made.file)).toBe(true);
    const built = await tareJson<{ reference: string }>(['build', dir, '--no-verify'], options);
    expect(built.reference).toBe('node-status:latest');
  });
});

describe('tare files --cat', () => {
  it('prints the bytes of a file, links followed', async () => {
    const { options } = await surroundings();
    const answer = await tare(['files', 'node-status', '--cat', '/etc/os-release'], options);
    expect(answer.code).toBe(0);
    expect(answer.stdout).toContain('ID=');
    expect((await tare(['files', 'node-status', '--cat', '/etc'], options)).code).toBe(2);
  });
});
