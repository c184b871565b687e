import { throwIfCancelled } from '../base/context.ts';
import { encodeEvidence, EVIDENCE_MEDIA_TYPE } from '../evidence/codec.ts';
import type { Descriptor } from '../oci/types.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../pack/compression.ts';
import { packLayer, type PackedLayer } from '../pack/index.ts';
import { storeImage } from '../pack/store-image.ts';
import { GROUPS, type Group } from '../plan/types.ts';
import type { Entry } from '../tree/types.ts';
import { annotationsOf, imageConfigOf } from './image-config.ts';
import { fittedCompiled } from './python/compiled.ts';
import { imagePath, type Prepared } from './prepare.ts';
import { stripPlan } from './strip.ts';
import type { BuildTools, BuiltLayer } from './types.ts';
import { platformText } from './warehouse.ts';

export interface LayerInHand extends BuiltLayer {
  readonly packed: PackedLayer;
}

/** A layer for each group that holds something, slowest changing first. */
export async function packPlan(prepared: Prepared, tools: BuildTools): Promise<LayerInHand[]> {
  const compression = parseCompression(prepared.settings.compression ?? DEFAULT_COMPRESSION);
  const entries = await entriesOf(prepared, tools);
  const layers: LayerInHand[] = [];
  for (const group of GROUPS) {
    const own = entries.filter((item) => item.group === group).map((item) => item.entry);
    if (own.length === 0) continue;
    throwIfCancelled(tools.ctx.signal);
    tools.ctx.onEvent({ kind: 'step.started', step: `pack ${group}` });
    const packed = await packLayer({
      entries: own,
      content: prepared.content,
      store: tools.store,
      compression,
      epoch: prepared.epoch,
      ctx: tools.ctx,
    });
    tools.ctx.onEvent({ kind: 'step.done', step: `pack ${group}` });
    layers.push({
      digest: packed.descriptor.digest,
      diffId: packed.diffId,
      group,
      disk: packed.disk,
      wire: packed.wire,
      files: packed.files,
      packed,
    });
  }
  return layers;
}

interface GroupedEntry {
  readonly entry: Entry;
  readonly group: Group;
}

async function entriesOf(prepared: Prepared, tools: BuildTools): Promise<GroupedEntry[]> {
  const kept: GroupedEntry[] = prepared.plan.keep.flatMap((item) => {
    const entry = prepared.tree.get(item.path);
    return entry === undefined ? [] : [{ entry, group: item.group }];
  });
  const fitted = await fittedCompiled(kept, {
    tree: prepared.tree,
    content: prepared.content,
    concurrency: tools.ctx.concurrency,
  });
  const stripped = prepared.settings.strip === true ? await stripPlan(fitted, prepared.content, tools) : fitted;
  return [...stripped, ...prepared.plan.add];
}

/** Manifest, config and the record of reasons, all in the store. */
export async function finishImage(
  prepared: Prepared,
  layers: readonly LayerInHand[],
  tools: BuildTools,
): Promise<{ readonly descriptor: Descriptor; readonly evidence: Descriptor; readonly config: Descriptor }> {
  const { application, epoch, gathered, name, plan, runtimes, settings, start, user, warehouse } = prepared;
  const title = name.slice(0, name.lastIndexOf(':'));
  const shared = {
    start,
    settings,
    workdir: application.dir,
    path: imagePath(warehouse, runtimes),
    user,
    platform: warehouse.platform,
    warehouse,
    epoch,
    title,
  };
  const config = imageConfigOf({ ...shared, layers });
  const stored = await storeImage({
    store: tools.store,
    config,
    layers: layers.map((layer) => layer.packed),
    annotations: annotationsOf(shared),
  });
  const bytes = encodeEvidence(gathered.graph, {
    added: plan.add.map((item) => item.reason),
    dropped: plan.drop,
    platform: platformText(warehouse.platform),
    tightness: settings.tightness ?? 'reachable',
  });
  const blob = await tools.store.blobs.putBytes(bytes);
  return {
    descriptor: stored.descriptor,
    evidence: { mediaType: EVIDENCE_MEDIA_TYPE, digest: blob.digest, size: blob.size },
    config: stored.config,
  };
}
