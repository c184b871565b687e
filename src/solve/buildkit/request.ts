import type { Compression } from '../../pack/compression.ts';
import type { BuildGraph, Vertex } from '../types.ts';
import type { Inputs } from './inputs.ts';
import type { Marshalled } from './marshal.ts';

export interface RequestOptions {
  /** By which status is asked for. */
  readonly ref: string;
  readonly session: string;
  readonly marshalled: Marshalled;
  readonly graph: BuildGraph;
  readonly inputs: Pick<Inputs, 'bases'>;
  readonly compression: Compression;
  /** In seconds. */
  readonly epoch: number | undefined;
}

/** Of Go's gzip, and beyond what is worth the wait with zstd. */
const MAX_LEVEL = 9;

/** A SolveRequest of moby/buildkit api/services/control/control.proto; the attributes are those of exporter/oci and exporter/containerimage. */
export function solveRequest(options: RequestOptions): object {
  const { compression, epoch, graph, marshalled } = options;
  const base = baseConfig(graph.target, options.inputs);
  const attrs: Record<string, string> = {
    // Blob by blob into the session's content store, instead of one archive.
    tar: 'false',
    'oci-mediatypes': 'true',
    compression: compression.kind === 'none' ? 'uncompressed' : compression.kind,
    // It counts the history against the layers; the rest of the config is ours.
    'containerimage.config': JSON.stringify({ ...graph.config, rootfs: { type: 'layers', diff_ids: [] } }),
  };
  if (compression.kind !== 'none') attrs['compression-level'] = String(Math.min(compression.level, MAX_LEVEL));
  if (epoch !== undefined) {
    attrs['source-date-epoch'] = String(epoch);
    attrs['rewrite-timestamp'] = 'true';
    // Its layers keep their times.
    if (base !== undefined) attrs['containerimage.base.config'] = base;
  }
  return {
    ref: options.ref,
    definition: marshalled.definition,
    session: options.session,
    entitlements: marshalled.entitlements,
    exporters: [{ type: 'oci', attrs }],
    // For daemons before 0.13.
    exporterDeprecated: 'oci',
    exporterAttrsDeprecated: attrs,
  };
}

function baseConfig(target: Vertex, { bases }: Pick<Inputs, 'bases'>): string | undefined {
  let bottom: Vertex | undefined = target;
  while (bottom !== undefined && bottom.op !== 'scratch' && bottom.op !== 'source')
    bottom = bottom.op === 'merge' ? bottom.inputs[0] : bottom.root;
  const image = bottom?.op === 'source' && bottom.source.kind === 'image' ? bases.get(bottom.source.digest) : undefined;
  return image === undefined ? undefined : Buffer.from(image.raw.config).toString('utf8');
}
