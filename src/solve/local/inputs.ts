import { vertexDigests } from '../digest.ts';
import type { CopyAction, Vertex } from '../types.ts';

/** What is no layers (a folder of this machine, a download) becomes one: the part of it that is asked for. */
export function mountable(from: Vertex, source: string): Vertex {
  if (from.op !== 'source' || from.source.kind === 'image') return from;
  const action: CopyAction = {
    kind: 'copy',
    from,
    sources: [source],
    literal: true,
    destination: source,
    parents: false,
    exclude: [],
    unpack: false,
  };
  return { op: 'file', name: `mount ${from.name}`, root: { op: 'scratch' }, actions: [action] };
}

/** Something is built upon it: all of it as layers. */
export const asLayers = (vertex: Vertex): Vertex => mountable(vertex, '/');

/** The vertices that a vertex is made of, as the local executor asks for them. */
export function directInputs(vertex: Vertex): readonly Vertex[] {
  switch (vertex.op) {
    case 'exec':
      return [
        asLayers(vertex.root),
        ...vertex.mounts.flatMap((mount) =>
          'from' in mount && mount.from !== undefined ? mountable(mount.from, mount.source) : [],
        ),
      ];
    case 'file':
      return [
        asLayers(vertex.root),
        ...vertex.actions.flatMap((action) => (action.kind === 'copy' ? action.from : [])),
      ];
    case 'merge':
      return vertex.inputs.map(asLayers);
    default:
      return [];
  }
}

/** Everything that the target needs and the target itself, equal vertices once, inputs first; `scratch` is left out. */
export function verticesInOrder(
  target: Vertex,
  digestOf = vertexDigests(),
): readonly Exclude<Vertex, { op: 'scratch' }>[] {
  return inOrder(asLayers(target), digestOf, directInputs);
}

/** The steps whose layers lie over each other in the result, lowest first: without what they copy or mount from. */
export function resultInOrder(
  target: Vertex,
  digestOf = vertexDigests(),
): readonly Exclude<Vertex, { op: 'scratch' }>[] {
  return inOrder(asLayers(target), digestOf, (vertex) => {
    if (vertex.op === 'exec' || vertex.op === 'file') return [asLayers(vertex.root)];
    return vertex.op === 'merge' ? vertex.inputs.map(asLayers) : [];
  });
}

function inOrder(
  target: Vertex,
  digestOf: (vertex: Vertex) => string,
  inputsOf: (vertex: Vertex) => readonly Vertex[],
): readonly Exclude<Vertex, { op: 'scratch' }>[] {
  const seen = new Set<string>();
  const found: Exclude<Vertex, { op: 'scratch' }>[] = [];
  // A Dockerfile of thousands of instructions is a chain of as many vertices: no recursion.
  const todo: { readonly vertex: Vertex; readonly ready: boolean }[] = [{ vertex: target, ready: false }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { ready, vertex } = next;
    if (vertex.op === 'scratch') continue;
    if (ready) {
      found.push(vertex);
      continue;
    }
    const digest = digestOf(vertex);
    if (seen.has(digest)) continue;
    seen.add(digest);
    todo.push({ vertex, ready: true });
    for (const input of [...inputsOf(vertex)].reverse()) todo.push({ vertex: input, ready: false });
  }
  return found;
}
