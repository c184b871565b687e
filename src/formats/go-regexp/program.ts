import { GoRegexpProblem } from './cursor.ts';
import type { Assertion, CharSet, Node } from './types.ts';

/** A step of the machine. `next` and `other` are the numbers of steps. */
export type Step =
  | { readonly does: 'read'; readonly set: CharSet; next: number }
  | { readonly does: 'assert'; readonly assertion: Assertion; next: number }
  | { readonly does: 'fork'; next: number; other: number }
  | { readonly does: 'match' };

/** Repetitions of repetitions are written out: a few chars may stand for very much. */
const MAX_STEPS = 10_000;
/** What is empty adds no steps, however often it is repeated. */
const MAX_VISITS = 100_000;

/** A non-deterministic automaton (Ken Thompson, "Regular Expression Search Algorithm", 1968). Step 0 is the last one: the match. @throws GoRegexpProblem */
export function programOf(root: Node): { readonly steps: readonly Step[]; readonly start: number } {
  const steps: Step[] = [{ does: 'match' }];
  const add = (step: Step): number => {
    if (steps.length >= MAX_STEPS) throw new GoRegexpProblem(`it needs more than ${MAX_STEPS} steps`);
    return steps.push(step) - 1;
  };

  /** Compiles from the end to the start: what comes next is known. */
  let visits = 0;
  const compile = (node: Node, next: number): number => {
    if (++visits > MAX_VISITS) throw new GoRegexpProblem('its repetitions are nested too much');
    switch (node.is) {
      case 'empty':
        return next;
      case 'set':
        return add({ does: 'read', set: node.set, next });
      case 'assert':
        return add({ does: 'assert', assertion: node.assertion, next });
      case 'all':
        return node.nodes.reduceRight((after, each) => compile(each, after), next);
      case 'any':
        return node.nodes
          .map((each) => compile(each, next))
          .reduceRight((other, first) => add({ does: 'fork', next: first, other }));
      default:
        return repeat(node, next);
    }
  };

  const repeat = ({ max, min, node }: Node & { readonly is: 'repeat' }, next: number): number => {
    let at = next;
    if (max === undefined) {
      const loop: Step = { does: 'fork', next: 0, other: next };
      at = add(loop);
      loop.next = compile(node, at);
    } else {
      for (let count = min; count < max; count++) at = add({ does: 'fork', next: compile(node, at), other: next });
    }
    for (let count = 0; count < min; count++) at = compile(node, at);
    return at;
  };

  return { start: compile(root, 0), steps };
}
