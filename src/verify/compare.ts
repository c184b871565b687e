import { MATTERING_HEADERS } from '../sandbox/probes/answer.ts';
import type { HttpAnswer, ProbeAnswer, ProbeOutcome } from '../sandbox/probes/index.ts';
import { bodyDifference } from './compare-body.ts';
import type { Difference } from './difference.ts';

/**
 * How two answers are compared. `status`: HTTP status and exit code alone. `exact`: also the headers that matter, and every byte. `auto`: those
 * headers, and JSON by its structure and values, whatever its layout; any other body as `exact` where the original gives the same one twice, and where
 * it does not, by what it repeats: of text the lines and the words, of other and longer bodies the pieces, and the size roughly. `json` is another
 * name for `auto`.
 */
export const COMPARE_MODES = ['auto', 'exact', 'json', 'status'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];

export type { Difference } from './difference.ts';

/** In what `small` is unlike what the original said to the same question. What the original failed to answer tells nothing. */
export function differenceOf(original: ProbeOutcome, small: ProbeOutcome, mode: CompareMode): Difference | undefined {
  if (original.ok && !small.ok) {
    const [here, there] = [small.answer, original.answer];
    const answers = here === undefined || there === undefined ? undefined : answerDifference([there], here, 'status');
    return answers ?? { text: 'the original passes', doubtful: false };
  }
  if (original.answer === undefined) return undefined;
  if (small.answer === undefined)
    return { text: `the original answers ${showAnswer(original.answer)}, this does not answer`, doubtful: false };
  return answerDifference([original.answer, ...(original.again ?? [])], small.answer, mode);
}

/** The answers of the original to one question, the first of them first; `here` is what the other image said. */
function answerDifference(
  references: readonly ProbeAnswer[],
  here: ProbeAnswer,
  mode: CompareMode,
): Difference | undefined {
  if (here.kind === 'http') {
    const https = references.filter((answer) => answer.kind === 'http');
    return httpDifference(https, here, mode);
  }
  const commands = references.filter((answer) => answer.kind === 'command');
  const [first] = commands;
  if (first === undefined) return undefined;
  if (!commands.some(({ exit }) => exit === here.exit))
    return { text: `exit code: the original has ${first.exit}, this ${here.exit}`, doubtful: false };
  if (mode === 'status') return undefined;
  // A usage text goes to stderr; where there is an answer on stdout, stderr is for the log.
  const said = commands.every(({ stdout }) => stdout.size === 0) && here.stdout.size === 0 ? 'stderr' : 'stdout';
  return bodyDifference({ what: 'output', references: commands.map((item) => item[said]), here: here[said], mode });
}

function httpDifference(
  references: readonly HttpAnswer[],
  here: HttpAnswer,
  mode: CompareMode,
): Difference | undefined {
  const [first] = references;
  if (first === undefined) return undefined;
  if (!references.some(({ status }) => status === here.status))
    return { text: `status: the original answers ${first.status}, this ${here.status}`, doubtful: false };
  if (mode === 'status') return undefined;
  for (const name of MATTERING_HEADERS) {
    const found = headerDifference(name, references, here);
    if (found !== undefined) return found;
  }
  const bodies = references.flatMap(({ body }) => body ?? []);
  if (here.body === undefined || bodies.length === 0) return undefined;
  return bodyDifference({ what: 'body', references: bodies, here: here.body, mode });
}

function headerDifference(
  name: (typeof MATTERING_HEADERS)[number],
  references: readonly HttpAnswer[],
  here: HttpAnswer,
): Difference | undefined {
  const there = references.map(({ headers }) => headers[name]);
  const got = here.headers[name];
  if (there.includes(got)) return undefined;
  const repeats = there.every((value) => value === there[0]);
  // It differs from itself: that it is there is all that can be asked.
  if (!repeats && got !== undefined) return undefined;
  const title = name === 'content-type' ? 'content type' : `header ${name}`;
  return {
    text: `${title}: the original answers ${there.find((value) => value !== undefined) ?? 'none'}, this ${got ?? 'none'}`,
    doubtful: got !== undefined && there[0] !== undefined && name !== 'content-type',
  };
}

const MAX_SHOWN = 200;

/** An answer for people: `200 text/html, 512 bytes: "<!doctype…"`, `exit code 1: "…"`. */
export function showAnswer(answer: ProbeAnswer): string {
  const said = answer.kind === 'http' ? answer.body : answer.stdout.size > 0 ? answer.stdout : answer.stderr;
  const text = said?.text === undefined || said.text === '' ? '' : `: ${JSON.stringify(said.text.slice(0, MAX_SHOWN))}`;
  if (answer.kind === 'command') return `exit code ${answer.exit}${text}`;
  const type = answer.headers['content-type'];
  return `${answer.status}${type === undefined ? '' : ` ${type}`}, ${said?.size ?? 'endless'} bytes${text}`;
}
