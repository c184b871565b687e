import { TareError } from '../base/error.ts';
import type { Warning } from '../base/events.ts';
import { canonicalJson } from '../base/json.ts';
import { compareBytes, ROOT, showPath, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { type Lead, leadTo } from './lead.ts';
import type { Edge } from './types.ts';

/** No real image comes near it. */
const MAX_EDGES = 2_000_000;

/** The edges of a graph that is being made, with one more for each link on the way. */
export interface EdgeSet {
  /** @returns what the edge leads to in the end, when there is something. @throws TareError E_LIMIT on more than 2 million edges */
  add(edge: Edge): Entry | undefined;
  edges(): Iterable<Edge>;
  warn(this: void, warning: Warning): void;
  /** Each once, in byte order. */
  warnings(): Warning[];
}

export function createEdgeSet(tree: Tree): EdgeSet {
  const leads = new Map<TreePath, Lead>();
  const edges: Edge[] = [];
  /** One edge per link on the way and who goes it, whatever for: the reason that comes first by bytes. */
  const ways = new Map<string, Edge>();
  const warnings = new Map<string, Warning>();
  const warn = (warning: Warning): void => void warnings.set(canonicalJson(warning), warning);

  const lead = (path: TreePath): Lead => {
    const known = leads.get(path);
    if (known !== undefined) return known;
    const found = leadTo(tree, path);
    leads.set(path, found);
    if (found.loop) {
      const shown = showPath(path);
      warn({ code: 'symlink-loop', message: `${shown} leads nowhere: the symbolic links form a circle`, path: shown });
    }
    return found;
  };
  const push = (edge: Edge): void => {
    if (edge.from === edge.to || edge.to === ROOT) return;
    if (edges.length + ways.size >= MAX_EDGES)
      throw new TareError('E_LIMIT', `the evidence has more than ${MAX_EDGES} edges`);
    edges.push(edge);
  };
  const way = (edge: Edge): void => {
    const key = `${edge.from}\0${edge.to}\0${edge.certainty}\0${edge.kind}`;
    const known = ways.get(key);
    if (known === undefined || compareBytes(edge.because, known.because) < 0) ways.set(key, edge);
  };
  const add = (edge: Edge, depth: number): Entry | undefined => {
    const { entry, hops } = lead(edge.to);
    let { from } = edge;
    let step: Edge = edge;
    for (const hop of hops) {
      const { certainty } = step;
      push({ ...step, from, to: hop.path });
      for (const link of hop.links) {
        const because = `a link on the way to ${showPath(step.to)}`;
        way({ from, to: link, kind: 'symlink', because, certainty });
      }
      for (const to of depth > 0 ? [] : hop.folders) {
        const because = `the link ${showPath(from)} goes through it`;
        add({ from, to, kind: 'looked-up', because, certainty: 'sure' }, depth + 1);
      }
      from = hop.path;
      const because = `a link to ${showPath(hop.link ?? '')}`;
      step = { from, to: hop.path, kind: 'symlink', because, certainty: 'sure' };
    }
    return entry;
  };
  return {
    add: (edge) => add(edge, 0),
    *edges() {
      yield* edges;
      yield* ways.values();
    },
    warn,
    warnings: () => [...warnings].sort(([a], [b]) => compareBytes(a, b)).map(([, warning]) => warning),
  };
}
