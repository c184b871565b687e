import { sha256, type Digest } from '../../base/digest.ts';
import type { Platform } from '../../oci/types.ts';
import type { BuildGraph, MergeVertex, SourceVertex, Vertex } from '../types.ts';
import type { Definition, Op, OpInput, OpMetadata } from './llb.ts';
import { execOp } from './marshal-exec.ts';
import { fileOp, inlineOp } from './marshal-file.ts';
import { sourceOp } from './marshal-source.ts';
import { opPlatform, type AddedOp, type Marshaller } from './marshaller.ts';

export interface MarshalOptions {
  /** The bytes that its digest is made of. */
  readonly encodeOp: (op: Op) => Uint8Array;
  /** The manifest that stands for a vertex of kind `image` or `local`: it is read over the session. */
  readonly imageOf: (vertex: SourceVertex) => Digest;
  /** Run every step again. */
  readonly noCache: boolean;
}

export interface Marshalled {
  readonly definition: Definition;
  /** Digest of an operation → the vertex that it was made of; of equal ones the first. */
  readonly vertices: ReadonlyMap<string, Vertex>;
  /** What the daemon must be told that it may do, in byte order. */
  readonly entitlements: readonly string[];
}

/**
 * A build graph as LLB (moby/buildkit solver/pb/ops.proto), with the choices that BuildKit's own Dockerfile front end makes
 * (frontend/dockerfile/dockerfile2llb), so that steps which a docker build has done already are found in the daemon's cache. Equal vertices become one
 * operation. Undefined for the empty file system: there is no operation that gives it.
 * @throws TareError E_USAGE for what cannot be said in LLB; the message names the vertex
 */
export function marshalGraph(
  graph: Pick<BuildGraph, 'target' | 'platform'>,
  options: MarshalOptions,
): Marshalled | undefined {
  const def: Uint8Array[] = [];
  const metadata: Record<string, OpMetadata> = {};
  const vertices = new Map<string, Vertex>();
  const entitlements = new Set<string>();
  const known = new Map<Vertex, OpInput | undefined>();

  const add = (op: Op, { caps = [], name, vertex }: AddedOp): OpInput => {
    const bytes = options.encodeOp(op);
    const digest = sha256(bytes);
    if (metadata[digest] === undefined) {
      def.push(bytes);
      metadata[digest] = {
        description: { 'llb.customname': name },
        caps: Object.fromEntries(caps.map((cap) => [cap, true])),
        ...(options.noCache ? { ignoreCache: true } : {}),
      };
      if (vertex !== undefined) vertices.set(digest, vertex);
    }
    return { digest, index: 0 };
  };
  const input = (vertex: Vertex): OpInput | undefined => {
    if (known.has(vertex)) return known.get(vertex);
    const made = inputOf(vertex, marshaller, graph.platform);
    known.set(vertex, made);
    return made;
  };
  const marshaller: Marshaller = {
    input,
    add,
    imageOf: options.imageOf,
    entitle: (entitlement) => void entitlements.add(entitlement),
  };

  // Lowest first: a chain of thousands of steps would be as many calls within each other.
  for (const vertex of chainBelow(graph.target).reverse()) input(vertex);
  const target = input(graph.target);
  if (target === undefined) return undefined;
  def.push(options.encodeOp({ inputs: [target] }));
  return { definition: { def, metadata }, vertices, entitlements: [...entitlements].sort() };
}

function inputOf(vertex: Vertex, marshaller: Marshaller, platform: Platform): OpInput | undefined {
  switch (vertex.op) {
    case 'scratch':
      return undefined;
    case 'exec':
      return execOp(vertex, marshaller, opPlatform(platformOf(vertex, platform)));
    case 'file':
      return fileOp(vertex, marshaller);
    case 'merge':
      return mergeOp(vertex, marshaller);
    case 'source':
      if (vertex.source.kind === 'inline') return inlineOp(vertex, vertex.source, marshaller);
  }
  return sourceOp(vertex, marshaller, opPlatform(platform));
}

function mergeOp(vertex: MergeVertex, marshaller: Marshaller): OpInput | undefined {
  const inputs = vertex.inputs.flatMap((item) => marshaller.input(item) ?? []);
  // What is merged with nothing stays what it is; the daemon wants two at least.
  if (inputs.length < 2) return inputs[0];
  const merge = { inputs: inputs.map((_, index) => ({ input: index })) };
  return marshaller.add({ inputs, merge }, { name: vertex.name, vertex, caps: ['mergeop'] });
}

/** What a vertex is, and what each lies on: down to an image, a folder or nothing. */
function chainBelow(vertex: Vertex): Vertex[] {
  const chain: Vertex[] = [];
  for (let at: Vertex | undefined = vertex; at !== undefined; at = below(at)) chain.push(at);
  return chain;
}

function below(vertex: Vertex): Vertex | undefined {
  if (vertex.op === 'scratch' || vertex.op === 'source') return undefined;
  return vertex.op === 'merge' ? vertex.inputs[0] : vertex.root;
}

/** Of the image at the bottom, else of the graph. */
function platformOf(vertex: Vertex, otherwise: Platform): Platform {
  let bottom = vertex;
  for (let next = below(bottom); next !== undefined; next = below(bottom)) bottom = next;
  return bottom.op === 'source' && bottom.source.kind === 'image' ? bottom.source.platform : otherwise;
}
