import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as tareLibrary from '../../src/index.ts';
import { tareJson } from '../helpers/cli.ts';
import { exampleDir } from '../helpers/examples.ts';
import { seededHome } from '../helpers/seed.ts';
import { tempDir } from '../helpers/temp.ts';

const { build, check, compare, copy, files, inspect, isTareError, parseReference, planBuild, unpack, why } =
  tareLibrary;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is written as JSON has no undefined members. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the library', () => {
  it('gives what the commands print', async () => {
    const home = seededHome();
    const image = 'node-status';
    const options = { home };
    expect(plain(await inspect({ image, home }))).toEqual(await tareJson(['inspect', image], options));
    expect(plain(await files({ image, home, glob: '/app/**' }))).toEqual(
      await tareJson(['files', image, '/app/**'], options),
    );
    expect(plain(await why({ image, home, path: '/app/server.js' }))).toEqual(
      await tareJson(['why', image, '/app/server.js'], options),
    );
    expect(plain(await compare({ images: [image, image], home }))).toEqual(
      await tareJson(['compare', image, image], options),
    );
    const rules = { disk: 1, growth: { disk: { bytes: 0 } }, base: image };
    const flags = ['--disk', '1', '--growth', '0', '--against', image];
    const checked = await tareJson<tareLibrary.CheckReport>(['check', image, ...flags], { ...options, code: 1 });
    const results = checked.results.filter(({ rule }) => rule !== 'growth.wire');
    expect(plain((await check({ image, home, rules })).results)).toEqual(results);
  });

  it('builds, tells what it does, copies and unpacks', async () => {
    const home = seededHome();
    const steps: string[] = [];
    const built = await build({
      dir: exampleDir('node-status'),
      verify: false,
      home,
      onEvent: (event) => {
        if (event.kind === 'step.started') steps.push(event.step);
      },
    });
    expect(built.reference).toBe('node-status:latest');
    expect(steps).toContain('evidence');
    const plan = await planBuild({ dir: exampleDir('node-status'), home });
    expect(plan.entrypoint.at(-1)).toBe('server.js');
    const dir = tempDir();
    const copied = await copy({ source: built.reference, target: `oci:${dir}/layout:x`, home });
    expect(copied.digest).toBe(built.digest);
    const unpacked = await unpack({ image: `oci:${dir}/layout:x`, dir: join(dir, 'root'), home });
    expect(unpacked.files).toBeGreaterThan(built.files);
  });

  it('throws a TareError and nothing else', async () => {
    await expect(inspect({ image: 'nothing', home: tempDir() })).rejects.toSatisfy((error) =>
      isTareError(error, 'E_IMAGE_NOT_FOUND'),
    );
    expect(() => parseReference('UPPER')).toThrow(expect.objectContaining({ code: 'E_REFERENCE' }));
    expect(parseReference('localhost:5000/a/b:1')).toMatchObject({
      registry: 'localhost:5000',
      repository: 'a/b',
      tag: '1',
    });
  });

  it('type-checks in a project of its own', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'node_modules/@types'), { recursive: true });
    symlinkSync(root, join(dir, 'node_modules/tare'));
    symlinkSync(join(root, 'node_modules/@types/node'), join(dir, 'node_modules/@types/node'));
    symlinkSync(join(root, 'node_modules/undici-types'), join(dir, 'node_modules/undici-types'));
    writeFileSync(
      join(dir, 'use.mts'),
      `import { build, why } from 'tare';
const image = await build({ dir: 'app', onEvent: (event) => { console.error(event.kind); } });
console.log(await why({ image: image.reference, path: '/usr/bin/node' }));
`,
    );
    const flags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--preserveSymlinks'];
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, 'use.mts'], {
      cwd: dir,
      encoding: 'utf8',
    });
  });
});
