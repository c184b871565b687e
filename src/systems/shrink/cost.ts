import type { ServiceImages, SystemLayer } from '../../ship/system-cost.ts';
import type { Subject } from '../../shrink/subject.ts';
import type { ShrinkTools } from '../../shrink/types.ts';
import type { ProducedService } from './produce.ts';

const APPLICATION = 'application';

/** The layers of a service before and after, and which of them its application is in. */
export async function serviceImagesOf(
  service: string,
  { image, tree }: Subject,
  { produced }: ProducedService,
  { ctx, store }: ShrinkTools,
): Promise<ServiceImages> {
  const touched = new Set(
    produced.decision.plan.keep.flatMap(({ group, path }) => (group === APPLICATION ? [tree.get(path)?.layer] : [])),
  );
  const before = await Promise.all(
    image.manifest.layers.map(async (layer, index): Promise<SystemLayer> => {
      const diffId = image.config.rootfs.diff_ids[index];
      if (diffId === undefined) throw new Error('a layer without a diff ID');
      const { members } = await store.layerIndex(image.blobs, layer, diffId, ctx.signal);
      const disk = members.reduce((sum, member) => sum + (member.type === 'file' ? member.size : 0), 0);
      return { digest: layer.digest, wire: layer.size, disk, isApplication: touched.has(index) };
    }),
  );
  const after = produced.layers.map(({ digest, disk, group, wire }) => ({
    digest,
    disk,
    wire,
    isApplication: group === APPLICATION,
  }));
  return { service, before, after };
}
