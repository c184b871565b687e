import { sha256, type Digest } from '../base/digest.ts';
import type { ExecMount, ExecVertex, FileAction, Vertex } from './types.ts';

/** Part of every digest: another number when the meaning of an operation changes. */
const VERSION = 'tare.vertex.v1';

/**
 * Digests of vertices: of the operation as JSON with sorted keys, inputs standing for their digests. Names for people, and an environment that is to leave no
 * trace, are no part of it. Remembered for each object, so that a graph is gone through once.
 */
export function vertexDigests(): (vertex: Vertex) => Digest {
  const known = new WeakMap<Vertex, Digest>();
  const made = (vertex: Vertex): Digest => {
    const digest = known.get(vertex);
    if (digest === undefined) throw new Error('the digest of an input is not known yet');
    return digest;
  };
  return (vertex) => {
    // A Dockerfile of thousands of instructions is a chain of as many vertices: no recursion.
    const todo: Vertex[] = [vertex];
    for (let next = todo.at(-1); next !== undefined; next = todo.at(-1)) {
      const missing = known.has(next) ? [] : inputsOf(next).filter((input) => !known.has(input));
      if (missing.length > 0) {
        todo.push(...missing);
        continue;
      }
      if (!known.has(next)) known.set(next, sha256(canonical([VERSION, operationOf(next, made)])));
      todo.pop();
    }
    return made(vertex);
  };
}

/** The operation with `inputOf` in the place of each input. */
export function operationOf(vertex: Vertex, inputOf: (input: Vertex) => unknown): unknown {
  switch (vertex.op) {
    case 'scratch':
      return { op: 'scratch' };
    case 'source':
      return { op: 'source', source: vertex.source };
    case 'exec':
      return execOperation(vertex, inputOf);
    case 'file':
      return {
        op: 'file',
        root: inputOf(vertex.root),
        actions: vertex.actions.map((action) => actionOperation(action, inputOf)),
      };
    default:
      return { op: 'merge', inputs: vertex.inputs.map(inputOf) };
  }
}

function execOperation(
  { name: _name, where: _where, root, mounts, silentEnv: _silent, ...rest }: ExecVertex,
  inputOf: (input: Vertex) => unknown,
): unknown {
  return { ...rest, root: inputOf(root), mounts: mounts.map((mount) => mountOperation(mount, inputOf)) };
}

function mountOperation(mount: ExecMount, inputOf: (input: Vertex) => unknown): unknown {
  if (!('from' in mount) || mount.from === undefined) return mount;
  return { ...mount, from: inputOf(mount.from) };
}

function actionOperation(action: FileAction, inputOf: (input: Vertex) => unknown): unknown {
  return action.kind === 'copy' ? { ...action, from: inputOf(action.from) } : action;
}

/** Everything that a vertex needs, each once, inputs first. */
export function inputsOf(vertex: Vertex): readonly Vertex[] {
  const found: Vertex[] = [];
  operationOf(vertex, (input) => found.push(input));
  return found;
}

/** JSON with the keys of objects in byte order; members that are undefined are left out. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
