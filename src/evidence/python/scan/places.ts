import type { Evaluator } from './evaluate.ts';
import type { SyntaxNode, Tree } from './nodes.ts';
import { HERE } from './types.ts';

/** Uses of names of places, and how many of them lead from one to the next. */
const MAX_USES = 2000;
const MAX_ROUNDS = 4;

/** Uses of names that hold a path made from `__file__`: `HERE = dirname(__file__)`, then `join(HERE, 'x')` elsewhere. */
export function placeUses(tree: Tree, values: ReadonlyMap<string, readonly SyntaxNode[]>, text: string): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  const places = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = places.size;
    for (const [name, nodes] of values)
      if (
        !places.has(name) &&
        nodes.some((node) => namesPlace(text.slice(node.from, Math.min(node.to, node.from + 400)), places))
      )
        places.add(name);
    if (places.size === before) break;
  }
  if (places.size === 0) return out;
  tree.iterate({
    enter(ref) {
      if (ref.name === 'VariableName' && out.length < MAX_USES && places.has(text.slice(ref.from, ref.to)))
        out.push(ref.node);
    },
  });
  return out;
}

function namesPlace(source: string, anchored: ReadonlySet<string>): boolean {
  if (/\b__file__\b|\b__path__\b|\bfiles\(/.test(source)) return true;
  return anchored.size > 0 && (source.match(/\b[A-Za-z_]\w*\b/g) ?? []).some((word) => anchored.has(word));
}

/** The largest expression around `__file__` (or another name of a place) that still is a path from here. */
export function fileFrom(
  node: SyntaxNode,
  evaluator: Evaluator,
  named: Set<number>,
  text: string,
): readonly string[] | undefined {
  let best: SyntaxNode | undefined;
  let at: SyntaxNode | null = node;
  for (let depth = 0; at !== null && depth < 48; depth += 1, at = at.parent) {
    if (/(?:Statement|Body|Script|Definition|Lambda)/.test(at.name)) break;
    if (evaluator.texts(at).some((item) => item.startsWith(HERE))) best = at;
  }
  if (best === undefined || named.has(best.from)) return undefined;
  named.add(best.from);
  const paths = evaluator.texts(best).filter((item) => item.startsWith(HERE) && item !== `${HERE}/`);
  return paths.length === 0 || text.slice(best.from, best.to) === '' ? undefined : paths;
}
