import type { Warning } from '../base/events.ts';
import { canonicalJson } from '../base/json.ts';
import type { Analyser, Edge, ProcessContext } from './types.ts';

interface Answer {
  readonly edges: readonly Edge[];
  readonly warnings: readonly Warning[];
}

/**
 * The same analyser, which remembers its answers (and warnings) for one Tree: evidence is gathered anew with each path that a run was seen to miss, and
 * the trace of a Node application is not to be made each time.
 */
export function memoised(analyser: Analyser): Analyser {
  const answers = new Map<string, Promise<Answer>>();
  // Contexts by number: their texts hold whole environments, and would be hashed at each question.
  const numbers = new Map<string, number>();
  const known = new WeakMap<ProcessContext, number>();
  const numberOf = (context: ProcessContext): number => {
    let number = known.get(context);
    if (number !== undefined) return number;
    const text = canonicalJson(context);
    number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    known.set(context, number);
    return number;
  };
  return {
    name: analyser.name,
    wants: (question, head) => analyser.wants(question, head),
    edges: async (question, tools) => {
      const key = `${question.path}\0${numberOf(question.context)}`;
      let answer = answers.get(key);
      if (answer === undefined) {
        const warnings: Warning[] = [];
        answer = analyser
          .edges(question, { ...tools, warn: (warning) => warnings.push(warning) })
          .then((edges) => ({ edges, warnings }));
        answers.set(key, answer);
      }
      const { edges, warnings } = await answer;
      for (const warning of warnings) tools.warn(warning);
      return edges;
    },
  };
}
