import { appendLayers } from '../../src/oci/edits.ts';
import { createContext } from '../../src/base/context.ts';
import { encodeConfig, encodeManifest } from '../../src/oci/encode.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { RunConfig } from '../../src/oci/types.ts';
import { sha256 } from '../../src/base/digest.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { tarOf, type LayerEntry } from './images.ts';
import { seededHome } from './seed.ts';

export interface OriginalOptions {
  /** On top of node-status: `app/server.js` replaces its program. */
  readonly entries: readonly LayerEntry[];
  readonly config?: RunConfig;
}

/** A home whose store holds `original:latest`: the image of node-status, with one more layer. */
export async function makeOriginal({ config, entries }: OriginalOptions): Promise<string> {
  const home = seededHome();
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
  await store.tag('original:latest', { mediaType: OCI_MANIFEST, ...manifest });
  return home;
}
