import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { BuildResult } from '../../src/build/types.ts';
import { unexplained, type Why } from '../../src/explain/why.ts';
import type { FileRow } from '../../src/explain/files.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { tareJson } from '../helpers/cli.ts';
import { EXAMPLES, exampleDir, offered } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { expectShape } from '../helpers/schema.ts';

describe.each(EXAMPLES)('examples/$name', (example) => {
  it.skipIf(!offered(example))('is built, passes its probes, and every path has a chain', async () => {
    const home = seededHome();
    const built = await tareJson<BuildResult>(['build', exampleDir(example.name)], { home });
    expectShape('build', built);
    expect(built.reference).toBe(`${example.name}:latest`);
    expect(built.verified).toMatchObject({ ok: true });
    expect(built.verified?.probes.length).toBeGreaterThan(0);

    const store = await openStore({ home });
    const image = await openImage(built.reference, { store, ctx: createContext() });
    expect(await unexplained({ image, store, ctx: createContext() })).toEqual([]);

    const rows = await tareJson<FileRow[]>(['files', built.reference], { home });
    expectShape('files', rows);
    expect(rows.filter((row) => row.type !== 'directory')).toHaveLength(built.files);
    expect(rows.filter((row) => row.uid !== 0 || row.gid !== 0)).toEqual([]);
    expect(rows.filter((row) => row.type === 'file' && (row.mode & 0o6022) !== 0)).toEqual([]);
    const last = rows.filter((row) => row.type === 'file').at(-1);
    const why = await tareJson<Why>(['why', built.reference, last?.path ?? ''], { home });
    expectShape('why', why);
    expect(why.chain.at(-1)?.path).toBe(last?.path);
  });
});

describe('examples/node-status', () => {
  it('explains a library from the entry point, by any of its names', async () => {
    const home = seededHome();
    await tareJson(['build', exampleDir('node-status'), '--no-verify'], { home });
    const rows = await tareJson<FileRow[]>(['files', 'node-status', '**/libc.so.6'], { home });
    const library = rows[0]?.path ?? '';
    expect(library).toMatch(/libc\.so\.6$/);
    for (const path of new Set([library, library.replace(/^\/usr/, '')])) {
      const why = await tareJson<Why>(['why', 'node-status', path], { home });
      expect(why.kept).toBe(true);
      expect(why.chain[0]).toMatchObject({ kind: 'entrypoint' });
      expect(why.chain.at(-1)?.path).toBe(path);
      expect(why.chain.some((step) => step.kind === 'elf-needed')).toBe(true);
    }
  });

  it('holds nothing but the run time, its libraries, the application and a few small files with a reason', async () => {
    const home = seededHome();
    await tareJson(['build', exampleDir('node-status'), '--no-verify'], { home });
    const rows = await tareJson<FileRow[]>(['files', 'node-status'], { home });
    const files = rows.filter((row) => row.type === 'file');
    const beyond = files.filter(
      (row) => !/\/(node|[^/]*\.so[.\d]*|ld-[^/]+)$/.test(row.path) && !row.path.startsWith('/app/'),
    );
    expect(beyond.reduce((sum, row) => sum + row.size, 0)).toBeLessThan(64_000);
    for (const row of beyond) {
      const why = await tareJson<Why>(['why', 'node-status', row.path], { home });
      expect(why.chain.length, row.path).toBeGreaterThan(0);
    }
  });
});
