import { withoutSecretWords } from '../base/command-secrets.ts';
import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import { isAttestation, platformText } from '../oci/platform.ts';
import type { Annotations, Descriptor, Image, ImageConfig, ImageIndex, Platform } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { measureLayer, measureTree } from '../tree/measure.ts';
import { findingsOf, type Findings } from './findings/index.ts';
import { sizesOf, type Sizes } from './sizes.ts';

export interface InspectedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly mediaType: string;
  /** Bytes of file content in this layer, also of what a later one replaces. */
  readonly disk: number;
  readonly wire: number;
  readonly members: number;
  /** As the history in `config` has it, but for passwords that stand in it. */
  readonly createdBy?: string;
}

export interface Inspection {
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platform: Platform;
  readonly size: Sizes;
  /** All paths but folders. */
  readonly files: number;
  readonly config: ImageConfig;
  readonly layers: readonly InspectedLayer[];
  readonly os: Findings['os'];
  readonly runtimes: Findings['runtimes'];
  /** All else that is in it. */
  readonly findings: Omit<Findings, 'os' | 'runtimes'>;
  readonly annotations: Annotations;
  readonly created: string | null;
  /** The index that the image was chosen from. */
  readonly index?: InspectedIndex;
}

export interface InspectedIndex {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations?: Annotations;
  /** In the order of the index; attestations are of no platform. */
  readonly manifests: readonly InspectedEntry[];
}

export interface InspectedEntry {
  readonly digest: Digest;
  readonly size: number;
  readonly platform: string | null;
  readonly osVersion?: string;
  readonly annotations?: Annotations;
}

/** What is said of an index that has no image for this machine, when nobody asks for another one. */
export interface IndexInspection {
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly index: InspectedIndex;
}

/** An index as `Inspection` holds it. */
export function inspectIndex({
  descriptor,
  index,
}: {
  readonly descriptor: Descriptor;
  readonly index: ImageIndex;
}): InspectedIndex {
  return {
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    ...(index.annotations === undefined ? {} : { annotations: index.annotations }),
    manifests: index.manifests.map(entryOf),
  };
}

function entryOf(item: Descriptor): InspectedEntry {
  const { annotations, digest, platform, size } = item;
  const isOfPlatform = platform !== undefined && !isAttestation(item);
  const osVersion = isOfPlatform ? platform['os.version'] : undefined;
  return {
    digest,
    size,
    platform: isOfPlatform ? platformText(platform) : null,
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** What an image is and what is in it; nothing is run. */
export async function inspect(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<Inspection> {
  const { image } = options;
  const opened = await treeOfImage(image, options.store, options.ctx.signal, { unpack: true });
  const { indexes, tree } = opened;
  const { os, runtimes, ...findings } = await findingsOf({ ...options, opened });
  const made = (image.config.history ?? []).filter((item) => item.empty_layer !== true);
  const { config } = image;
  const measure = measureTree(tree);
  return {
    reference: image.reference,
    digest: image.descriptor.digest,
    mediaType: image.descriptor.mediaType,
    platform: {
      os: config.os,
      architecture: config.architecture,
      ...(config.variant === undefined ? {} : { variant: config.variant }),
    },
    size: sizesOf(image, measure),
    files: measure.files,
    config,
    layers: indexes.map((index, at) => {
      const layer = image.manifest.layers[at];
      const createdBy = made[at]?.created_by;
      return {
        digest: layer?.digest ?? index.diffId,
        diffId: index.diffId,
        mediaType: layer?.mediaType ?? '',
        disk: measureLayer(index).disk,
        wire: layer?.size ?? index.wire,
        members: index.members.length,
        ...(createdBy === undefined ? {} : { createdBy: withoutSecretWords(createdBy) }),
      };
    }),
    os,
    runtimes,
    findings,
    annotations: image.manifest.annotations ?? {},
    created: config.created ?? null,
  };
}
