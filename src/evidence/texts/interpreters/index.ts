import { type ByteString, nameOf, parentOf } from '../../../base/path.ts';
import type { AnalyserTools, Edge, Question } from '../../types.ts';
import { lua } from './lua.ts';
import { perl } from './perl.ts';
import { php } from './php.ts';
import { ruby } from './ruby.ts';
import type { Interpreter } from './types.ts';

const INTERPRETERS: readonly Interpreter[] = [lua, perl, php, ruby];

export function isInterpreter(question: Question): boolean {
  return interpreterOf(question) !== undefined;
}

/** The modules that an interpreter brings along, and those that its script asks for where that can be told. */
export async function interpreterEdges(question: Question, tools: AnalyserTools): Promise<Edge[]> {
  const wanted = await interpreterOf(question)?.wanted(prefixOf(question), question, tools);
  return (wanted ?? []).map(({ because, certainty, kind, path: to }) => ({
    from: question.path,
    to,
    kind,
    because,
    certainty,
  }));
}

function interpreterOf({ entry }: Question): Interpreter | undefined {
  const name = nameOf(entry.path);
  return INTERPRETERS.find(({ programs }) => programs.test(name));
}

/** `/usr/local` for `/usr/local/bin/ruby`. */
function prefixOf({ entry }: Question): ByteString {
  const prefix = parentOf(parentOf(entry.path));
  return prefix === '/' ? '/usr' : prefix;
}
