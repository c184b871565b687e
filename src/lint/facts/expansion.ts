import { editDistance } from '../../base/edit-distance.ts';
import { isTareError } from '../../base/error.ts';
import { processWord, type LexOptions, type Variables } from '../../formats/dockerfile/index.ts';
import type { DockerfileSource, Range } from '../../formats/dockerfile/types.ts';
import type { Scope } from './scope.ts';

/** Letters that a name may differ in from the one that was meant, exclusive (BuildKit util/suggest). */
const FAR = 3;
/** Names that one is compared with. */
const MAX_COMPARED = 1000;

export interface Expansion {
  readonly text: string;
  readonly used: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
}

/** What cannot be expanded stays as it is: the build says what is wrong with it. */
export function expansion(text: string, variables: Variables, options: LexOptions): Expansion {
  if (!text.includes('$') && !/["'\\`]/.test(text)) return { text, used: new Set(), unmatched: new Set() };
  try {
    return processWord(text, variables, options);
  } catch (error) {
    if (isTareError(error)) return { text, used: new Set(), unmatched: new Set() };
    throw error;
  }
}

export function nearestName(name: string, scope: Scope): string | undefined {
  let best: string | undefined;
  let least = FAR;
  let left = MAX_COMPARED;
  for (const known of scope.names()) {
    if (left-- === 0) break;
    const distance = Math.abs(known.length - name.length) >= least ? FAR : editDistance(name, known);
    if (distance > 0 && distance < least) {
      best = known;
      least = distance;
    }
  }
  return best;
}

/** Where `$NAME` or `${NAME` stands in a part of the file; the part itself when it is not found. */
export function variableRange({ text }: DockerfileSource, range: Range, name: string): Range {
  const from = range.start.offset;
  const part = text.slice(from, range.end.offset);
  for (const mark of [`$${name}`, `\${${name}`]) {
    for (let at = part.indexOf(mark); at !== -1; at = part.indexOf(mark, at + 1)) {
      const after = part[at + mark.length] ?? '';
      if (/\w/.test(after)) continue;
      const closing = mark.startsWith('${') ? part.indexOf('}', at) : -1;
      const end = mark.startsWith('${') && closing !== -1 ? closing + 1 : at + mark.length;
      if (!part.slice(0, end).includes('\n')) return { start: moved(range.start, at), end: moved(range.start, end) };
    }
  }
  return range;
}

function moved(start: Range['start'], by: number): Range['start'] {
  return { line: start.line, column: start.column + by, offset: start.offset + by };
}
