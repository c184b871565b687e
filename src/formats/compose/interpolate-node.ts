import { interpolate } from './interpolate.ts';
import { scalarNode, spotText, type Node, type Spot } from './node.ts';
import type { Problems } from './problems.ts';

/** Fills in the variables of all texts below, but not of keys. What cannot be filled in is a problem, and stays empty. */
export function interpolateNode<T extends Node>(
  node: T,
  env: Readonly<Record<string, string | undefined>>,
  problems: Problems,
): T {
  return filled(node, env, problems) as T;
}

function filled(node: Node, env: Readonly<Record<string, string | undefined>>, problems: Problems): Node {
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => filled(item, env, problems)) };
  if (node.kind === 'map') {
    const entries = [...node.entries].map(
      ([name, { key, value }]) => [name, { key, value: filled(value, env, problems) }] as const,
    );
    return { ...node, entries: new Map(entries) };
  }
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
  const { value, spot } = node;
  const text = problems.attempt(() =>
    interpolate(value, env, { place: spotText(spot), onUnset: (name) => warnUnset(problems, name, spot) }),
  );
  const filledText = text ?? '';
  return { ...node, ...scalarNode(filledText, { ...spot, filled: { written: value, value: filledText } }) };
}

export function warnUnset(problems: Problems, name: string, spot: Spot): void {
  problems.warn('compose-unset', name, 'the variable is not set: taken as empty', spot);
}
