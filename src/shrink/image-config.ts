import type { Digest } from '../base/digest.ts';
import type { Annotations, History, Image, ImageConfig } from '../oci/types.ts';
import type { Tightness } from '../plan/types.ts';
import type { ShrunkLayer } from './types.ts';

export interface ShrunkFacts {
  readonly image: Image;
  readonly layers: readonly Pick<ShrunkLayer, 'diffId' | 'disk' | 'files' | 'group'>[];
  readonly tightness: Tightness;
  readonly profile: Digest | undefined;
  readonly kept: number;
  readonly dropped: number;
}

/** The original's config with what has become untrue replaced: the layers, and the history that tells how they were made. */
export function shrunkConfig({ dropped, image, layers, tightness }: ShrunkFacts): ImageConfig {
  const { created } = image.config;
  const line = (layer: ShrunkFacts['layers'][number]): History => ({
    ...(created === undefined ? {} : { created }),
    created_by: `tare shrink: ${layer.group}, ${layer.files} files, ${layer.disk} bytes kept by the evidence (${tightness})`,
  });
  const history = layers.map(line);
  const last = history.at(-1);
  const comment = `${dropped} files of ${image.descriptor.digest} removed: nothing leads to them`;
  return {
    ...image.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: last === undefined ? [] : [...history.slice(0, -1), { ...last, comment }],
  };
}

/** Of the manifest: the original's own, and where this image comes from. */
export function shrunkAnnotations({ dropped, image, kept, profile, tightness }: ShrunkFacts): Annotations {
  return {
    ...image.manifest.annotations,
    'dev.tare.original': image.descriptor.digest,
    'dev.tare.tightness': tightness,
    'dev.tare.files.kept': String(kept),
    'dev.tare.files.dropped': String(dropped),
    ...(profile === undefined ? {} : { 'dev.tare.profile': profile }),
  };
}
