import { join } from 'node:path';
import { createContext } from '../../../src/base/context.ts';
import type { CheckConfig } from '../../../src/config/check.ts';
import { parseConfig } from '../../../src/config/config.ts';
import { check, type CheckOptions } from '../../../src/explain/check/check.ts';
import type { CheckReport } from '../../../src/explain/check/types.ts';
import type { ImageConfig } from '../../../src/oci/types.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage, type LayerContent, type LayerEntry } from '../../helpers/images.ts';
import { tempDir } from '../../helpers/temp.ts';

/** Records of dpkg, as it writes them, and the files. */
export function dpkg(packages: readonly { name: string; version: string; bytes: number }[]): readonly LayerEntry[] {
  const status = packages
    .map(
      ({ name, version }) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
    )
    .join('\n');
  return [
    { path: 'var/lib/dpkg/status', content: status },
    ...packages.flatMap(({ bytes, name }) => [
      { path: `var/lib/dpkg/info/${name}.list`, content: `/.\n/usr\n/usr/lib\n/usr/lib/${name}\n` },
      { path: `usr/lib/${name}`, content: name.padEnd(bytes, '.') },
    ]),
  ];
}

export function npm(name: string, version: string, bytes: number): readonly LayerEntry[] {
  const folder = `app/node_modules/${name}`;
  return [
    { path: `${folder}/package.json`, content: JSON.stringify({ name, version }) },
    { path: `${folder}/index.js`, content: '/'.repeat(bytes) },
  ];
}

export interface Asked {
  readonly layers: readonly LayerContent[];
  readonly config?: Partial<ImageConfig>;
}

const ctx = createContext({});

export async function newStore(): Promise<Store> {
  return openStore({ home: join(tempDir(), 'home') });
}

/** What the rules, or a `check` section of tare.yaml, say of an image. */
export async function ask(
  rules: CheckConfig | string,
  image: Asked,
  more: Partial<Pick<CheckOptions, 'files' | 'now' | 'env'>> & { readonly base?: Asked; readonly store?: Store } = {},
): Promise<CheckReport> {
  const store = more.store ?? (await newStore());
  const config = typeof rules === 'string' ? ((await parseConfig(`check: ${rules}`, 'tare.yaml')).check ?? {}) : rules;
  await makeImage({ store, name: 'app:1', ...image });
  const { base, ...rest } = more;
  if (base !== undefined) await makeImage({ store, name: 'base:1', ...base });
  return check({
    files: [],
    ...rest,
    image: await openImage('app:1', { store, ctx }),
    base: base === undefined ? undefined : await openImage('base:1', { store, ctx }),
    rules: [{ config }],
    store,
    ctx,
  });
}
