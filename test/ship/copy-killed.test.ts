import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { copy } from '../../src/ship/copy.ts';
import { openImage } from '../../src/transports/index.ts';
import type { ImageIndex } from '../../src/oci/types.ts';
import { NAME, readAll, sample } from '../transports/sample.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Copies under ever new names, says each one, and never ends. */
const ENDLESS = `
const [dist, home, out] = process.argv.slice(1);
const { openStore } = await import(dist + 'store/index.js');
const { createContext } = await import(dist + 'base/context.js');
const { copy } = await import(dist + 'ship/copy.js');
const store = await openStore({ home });
for (let at = 0; ; at += 1) {
  const { reference } = await copy({ source: '${NAME}', target: 'oci:' + out + ':n' + at, store, ctx: createContext() });
  process.stdout.write(reference + '\\n');
}`;

it.each([1, 3, 8])('a layout whose writer was killed after %i copies is whole, and can be written', async (copies) => {
  const { ctx, dir, store } = await sample();
  const out = join(dir, 'out');
  const child = spawn(process.execPath, ['--input-type=module', '-e', ENDLESS, dist, store.home, out]);
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  let told = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    told += String(text);
    if (told.split('\n').length > copies) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(errors).toEqual([]);

  await copy({ source: NAME, target: `oci:${out}:after`, store, ctx });
  const index = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')) as ImageIndex;
  const names = index.manifests.map((item) => item.annotations?.['org.opencontainers.image.ref.name'] ?? '');
  expect(names).toEqual(
    expect.arrayContaining(
      told
        .trim()
        .split('\n')
        .map((line) => line.slice(line.lastIndexOf(':') + 1)),
    ),
  );
  for (const name of names) await readAll(await openImage(`oci:${out}:${name}`, { store, ctx }));
});
