import type { Context } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import { groupBy } from '../base/group-by.ts';
import { pathOfText, textOfBytes } from '../base/path.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { expenseTeller, neederOf, type Expense, type Needer } from './most-expensive.ts';
import { needsOfImage, type Need, type NeedEdge, type NeedGraph } from './needs.ts';

/** Who needs something, and who needs that, up to where the chains start. */
export interface KeptFor extends Needer {
  /** Empty at a start, and where `again` is true. */
  readonly for: readonly KeptFor[];
  /** Told further above already. */
  readonly again?: true;
}

export interface KeptTree extends Expense {
  readonly reference: string;
  /** Its files in the image, in byte order. */
  readonly paths: readonly string[];
  readonly for: readonly KeptFor[];
}

const MAX_NAMED = 5;

/**
 * Everything that a package, or a file that no package owns, is kept for.
 * @throws TareError E_PATH_NOT_FOUND when the image has no such package, E_NO_EVIDENCE when tare did not make it
 */
export async function keptFor(options: {
  readonly image: Image;
  readonly name: string;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<KeptTree> {
  const { image, name } = options;
  const graph = await needsOfImage(options);
  const need = needNamed(graph, name, image.reference);
  return {
    reference: image.reference,
    ...expenseTeller(graph)(need),
    paths: graph.pathsOf(need).map(textOfBytes),
    for: treeOf(graph, need),
  };
}

function needNamed(graph: NeedGraph, name: string, reference: string): Need {
  const found = name.startsWith('/')
    ? graph.of(pathOfText(name))
    : graph.needs.filter((need) => need.package?.name === name).toSorted((a, b) => b.keeps - a.keeps || a.id - b.id)[0];
  if (found !== undefined) return found;
  const named = graph.needs.flatMap((need) => need.package?.name ?? []);
  const like = named.filter((other) => other.includes(name) || name.includes(other)).slice(0, MAX_NAMED);
  throw new TareError('E_PATH_NOT_FOUND', `nothing in ${reference} is kept for a package ${JSON.stringify(name)}`, {
    hint:
      like.length === 0
        ? `\`tare why ${reference} --most-expensive\` names the packages that are kept`
        : `did you mean ${like.join(', ')}?`,
  });
}

/** Breadth is all that needs it; whoever was told once is not told again, so that circles end. */
function treeOf(graph: NeedGraph, need: Need): readonly KeptFor[] {
  const incoming = groupBy(graph.edges, (edge) => edge.to);
  const told = new Set([need.id]);
  // One level after another, so that each stands where the way to it is shortest.
  interface Open {
    readonly edge: NeedEdge;
    readonly node: Omit<KeptFor, 'for' | 'again'> & { for: KeptFor[]; again?: true };
  }
  const top: KeptFor[] = [];
  const expand = (id: number, into: KeptFor[]): Open[] =>
    (incoming.get(id) ?? []).map((edge) => {
      const node: Open['node'] = { ...neederOf(graph, edge), for: [] };
      into.push(node);
      return { edge, node };
    });
  let level = expand(need.id, top);
  while (level.length > 0) {
    const next: Open[] = [];
    for (const { edge, node } of level) {
      if (edge.from === 0) continue;
      if (told.has(edge.from)) {
        node.again = true;
        continue;
      }
      told.add(edge.from);
      next.push(...expand(edge.from, node.for));
    }
    level = next;
  }
  return top;
}
