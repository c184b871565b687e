import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createContext } from '../../src/base/context.ts';
import { sha256 } from '../../src/base/digest.ts';
import { appendLayers } from '../../src/oci/edits.ts';
import { encodeConfig, encodeManifest } from '../../src/oci/encode.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { ImageConfig, RunConfig } from '../../src/oci/types.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { makeImage, tarOf, type LayerEntry } from './images.ts';
import { seededHome } from './seed.ts';

export interface OriginalOptions {
  /** On top of node-status: `app/server.js` replaces its program. */
  readonly entries: readonly LayerEntry[];
  readonly config?: RunConfig;
}

/** A home whose store holds `original:latest`: the image of node-status, with one more layer. */
export async function makeOriginal(options: OriginalOptions): Promise<string> {
  const home = seededHome();
  await addNodeOriginal(home, 'original:latest', options);
  return home;
}

/** One more such image, in a home that holds node-status. */
export async function addNodeOriginal(home: string, name: string, { config, entries }: OriginalOptions): Promise<void> {
  const store = await openStore({ home });
  const base = await openImage('node-status:latest', { store, ctx: createContext() });
  const tar = await tarOf(entries);
  const layer = { mediaType: OCI_LAYER, ...(await store.blobs.putBytes(tar)) };
  const parts = appendLayers(
    { manifest: base.manifest, config: { ...base.config, config: { ...base.config.config, ...config } } },
    { descriptor: layer, diffId: sha256(tar), history: { created_by: 'COPY . /' } },
  );
  await store.blobs.putBytes(encodeConfig(parts.config));
  const manifest = await store.blobs.putBytes(encodeManifest(parts.manifest));
  await store.tag(name, { mediaType: OCI_MANIFEST, ...manifest });
}

export interface ShellOriginalOptions {
  readonly entries?: readonly LayerEntry[];
  readonly config?: RunConfig;
  /** Of the image, besides its `config`. */
  readonly image?: Partial<ImageConfig>;
}

/** A small image in any home: this machine's /bin/sh with cat and sleep, and the entries on top. */
export async function addShellOriginal(
  home: string,
  name: string,
  { config, entries = [], image }: ShellOriginalOptions,
): Promise<void> {
  const store = await openStore({ home });
  await makeImage({
    store,
    name,
    compression: 'none',
    layers: [shellLayer(), entries],
    config: { ...image, ...(config === undefined ? {} : { config }) },
  });
}

/** The programs with what their loader wants. */
function shellLayer(): readonly LayerEntry[] {
  const programs = ['sh', 'cat', 'sleep'].map((name) => `/bin/${name}`);
  const files = new Set(programs);
  for (const program of programs) {
    const libraries = execFileSync('ldd', [program], { encoding: 'utf8' });
    for (const [, path = ''] of libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) files.add(path);
  }
  return [...files].sort().map((path) => ({ path: path.slice(1), mode: 0o755, content: readFileSync(path) }));
}
