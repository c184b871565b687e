import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TareEvent } from '../../src/base/events.ts';
import type { BuildOptions, BuildResult } from '../../src/build/types.ts';
import { build } from '../../src/library/calls.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { createContext } from '../../src/base/context.ts';
import { tempDir } from '../helpers/temp.ts';

let home = '';
let dir = '';

beforeEach(async () => {
  home = tempDir();
  dir = join(tempDir(), 'app');
  mkdirSync(dir);
  copyFileSync('/bin/true', join(dir, 'program'));
  await settled();
});

/** What was touched while a build ran is not trusted; a fresh folder is to be older than that. */
const settled = (): Promise<void> => setTimeout(120);

const again = (more: Partial<BuildOptions> & { readonly onEvent?: (event: TareEvent) => void } = {}) =>
  build({ dir, home, verify: false, ...more });

async function configOf(result: BuildResult) {
  const store = await openStore({ home });
  const image = await openImage(result.reference, { store, ctx: createContext({}) });
  return { store, descriptor: image.manifest.config, config: image.config };
}

describe('a build of what has not changed', () => {
  it('gives the result of the one before', async () => {
    const first = await again();
    expect(await again()).toMatchObject({ unchanged: true, digest: first.digest });
  });

  it('is made anew when a new file is in the folder, which was named by a link', async () => {
    const link = join(tempDir(), 'link');
    symlinkSync(dir, link);
    await again({ dir: link });
    writeFileSync(join(dir, 'new.txt'), 'new');
    expect(await again({ dir: link })).toMatchObject({ unchanged: false });
  });

  it('takes its name from the link that was given', async () => {
    const links = ['one', 'two'].map((name) => join(tempDir(), name));
    for (const link of links) symlinkSync(dir, link);
    const names = [];
    for (const link of links) names.push((await again({ dir: link })).reference);
    expect(names).toEqual(['one:latest', 'two:latest']);
  });

  it('is made anew when tare.yaml is a link, and what it leads to has changed', async () => {
    const file = join(tempDir(), 'shared.yaml');
    writeFileSync(file, 'env: {WHICH: first}');
    symlinkSync(file, join(dir, 'tare.yaml'));
    await settled();
    await again();
    writeFileSync(file, 'env: {WHICH: second}');
    const { config } = await configOf(await again());
    expect(config.config?.Env).toContain('WHICH=second');
  });

  it('is made anew when the config has gone from the store', async () => {
    const { descriptor, store } = await configOf(await again());
    rmSync(join(home, 'blobs', 'sha256', descriptor.digest.slice('sha256:'.length)));
    expect(await again()).toMatchObject({ unchanged: false });
    expect(await store.blobs.size(descriptor.digest)).toBe(descriptor.size);
  });

  it('is made anew when a file came while the one before was at work', async () => {
    const onEvent = (event: TareEvent): void => {
      if (event.kind === 'step.started' && event.step.startsWith('pack'))
        writeFileSync(join(dir, 'came-late.txt'), 'late');
    };
    const first = await again({ onEvent });
    const second = await again();
    expect(second).toMatchObject({ unchanged: false, files: first.files + 1 });
  });

  it('is made anew when a file was replaced by one of the same size and times', async () => {
    const first = await again();
    const other = join(tempDir(), 'other');
    copyFileSync('/bin/false', other);
    renameSync(other, join(dir, 'program'));
    const second = await again();
    expect(second.unchanged).toBe(false);
    expect(second.digest).not.toBe(first.digest);
  });

  it('says its warnings again', async () => {
    const seen: string[] = [];
    const options: Parameters<typeof again>[0] = {
      include: ['nothing-of-this-name'],
      onEvent: (event) => event.kind === 'warning' && seen.push(event.warning.code),
    };
    const first = await again(options);
    expect(first.warnings.map((warning) => warning.code)).toEqual(['include-missing']);
    expect(await again(options)).toMatchObject({ unchanged: true, warnings: first.warnings });
    expect(seen).toEqual(['include-missing', 'include-missing']);
  });
});
