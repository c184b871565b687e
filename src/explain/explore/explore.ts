import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import { evidenceOf } from '../../evidence/image-evidence.ts';
import type { Profile } from '../../evidence/observed/index.ts';
import { platformText } from '../../oci/platform.ts';
import type { Image } from '../../oci/types.ts';
import { packageDbs } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import type { LayerChange } from '../../tree/layer-changes.ts';
import type { Tree } from '../../tree/types.ts';
import { inspect } from '../inspect.ts';
import { layers } from '../layers/layers.ts';
import type { Trend } from '../trend.ts';
import { needGraph } from '../needs.ts';
import { aboutOf } from './about.ts';
import { chainTable } from './chain-table.ts';
import { diffTable } from './diff-table.ts';
import { fileTable, type NumberedTree } from './file-table.ts';
import { layerTable } from './layer-table.ts';
import { needTable } from './need-table.ts';
import { timelineOf } from './timeline.ts';
import type { ExploredImage, ExploreData, TrendTable } from './types.ts';

export interface ExploreOptions {
  readonly image: Image;
  /** What it was made from. */
  readonly original?: Image;
  /** What was recorded of either. */
  readonly profile?: Profile;
  /** What was appended to a trend file. */
  readonly trends?: readonly Trend[];
  readonly store: Store;
  readonly ctx: Context;
  /** Rows of files at most; smaller files are taken together. */
  readonly maxRows?: number;
}

/**
 * All that the page of `tare explore` shows. The same images give the same answer; what comes from them is as it is, not made safe for any markup.
 * @throws TareError what reading the images throws
 */
export async function explore(options: ExploreOptions): Promise<ExploreData> {
  const { image, profile } = options;
  const side = await sideOf(image, options);
  const other = options.original === undefined ? undefined : await sideOf(options.original, options);
  const evidence = image.evidence === undefined ? undefined : await evidenceOf(image);
  const { databases, numbered, tree } = side;
  return {
    format: 1,
    image: side.explored,
    original: other?.explored ?? null,
    diff: other === undefined ? null : diffTable(other, side),
    chains: evidence === undefined ? null : chainTable(evidence, tree, numbered),
    needs: evidence === undefined ? null : needTable(needGraph({ evidence, tree, databases }), numbered),
    timeline: profile === undefined ? null : timelineOf(profile, tree, numbered),
    trends: options.trends === undefined ? null : trendTables(options.trends, image.reference),
  };
}

function trendTables(trends: readonly Trend[], reference: string): readonly TrendTable[] {
  const own = trends.filter((trend) => trend.reference === reference);
  const others = trends.filter((trend) => trend.reference !== reference);
  return [...own, ...others].map(({ points, reference: text }) => ({
    reference: text,
    points: points.map(({ created, digest, disk, files, layers: count, wire }) => ({
      digest,
      created,
      disk,
      wire,
      files,
      layers: count,
    })),
  }));
}

interface Side {
  readonly tree: Tree;
  readonly databases: readonly PackageDb[];
  readonly numbered: NumberedTree;
  readonly explored: ExploredImage;
}

async function sideOf(image: Image, { ctx, maxRows, store }: ExploreOptions): Promise<Side> {
  const changes: (readonly LayerChange[])[] = [];
  const { content, indexes, tree } = await treeOfImage(image, store, ctx.signal, {
    onLayer: (_, found) => void changes.push(found),
  });
  const databases = await packageDbs(tree, content, { under: [ROOT] });
  const numbered = fileTable(tree, databases, maxRows);
  const inspection = await inspect({ image, store, ctx });
  const dissection = await layers({ image, store, ctx });
  return {
    tree,
    databases,
    numbered,
    explored: {
      reference: image.reference,
      digest: image.descriptor.digest,
      platform: platformText(inspection.platform),
      created: inspection.created,
      size: inspection.size,
      files: inspection.files,
      nodes: numbered.nodes,
      packages: numbered.packages,
      types: numbered.types,
      layers: layerTable({ dissection, tree, indexes, changes }),
      about: aboutOf(inspection),
    },
  };
}
