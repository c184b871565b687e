import { isTareError } from '../../../base/error.ts';
import { parseDockerfile, processWord, type Variables } from '../../../formats/dockerfile/index.ts';
import type { EnvInstruction, KeyValue, LabelInstruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';
import { fix, inserted, notFixed, type Mend } from '../mend.ts';

export const legacyKeyValueFormat: Rule = {
  id: 'LegacyKeyValueFormat',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'ENV and LABEL are written with an equals sign',
  why: 'Without an equals sign, everything to the end of the line is the value: a second pair in the same line becomes part of the first.',
  cure: 'write NAME=VALUE; put a value with blanks in quotes',
  example: { bad: 'ENV DEPENDENCIES curl git', good: 'ENV DEPENDENCIES="curl git"' },
  fixable: true,
  *check({ escape, stages }) {
    for (const { instructions } of stages) {
      for (const node of instructions) {
        if (node.kind !== 'ENV' && node.kind !== 'LABEL') continue;
        for (const pair of node.pairs)
          if (pair.legacy)
            yield {
              message: `${node.kind} ${pair.key.value} has no equals sign`,
              range: pair.range,
              ...withEquals(node, pair, escape),
            };
      }
    }
  },
};

/** Other values than these come to other texts. */
const PROBES: readonly Variables[] = [{ get: () => undefined }, { get: (name) => `<${name}> ` }, { get: () => '' }];

/** The two forms mean the same when every expansion of them does. */
function withEquals({ kind }: EnvInstruction | LabelInstruction, { key, value }: KeyValue, escape: '\\' | '`'): Mend {
  for (const quote of ['', '"', "'"]) {
    if (quote !== '' && value.value.includes(quote)) continue;
    const text = `# escape=${escape}\nFROM a\n${kind} ${key.value}=${quote}${value.value}${quote}\n`;
    if (!meansTheSame(text, key.value, value.value, escape)) continue;
    const { end } = key.range;
    return fix(
      { start: end.offset, end: value.range.start.offset, text: `=${quote}` },
      ...(quote === '' ? [] : [inserted(value.range.end.offset, quote)]),
    );
  }
  return notFixed('the value has quotes or escapes that would mean something else');
}

function meansTheSame(text: string, key: string, value: string, escape: '\\' | '`'): boolean {
  try {
    const node = parseDockerfile(text, { file: '' }).instructions[1];
    if (node?.kind !== 'ENV' && node?.kind !== 'LABEL') return false;
    const [pair] = node.pairs;
    if (pair === undefined || node.pairs.length !== 1 || pair.legacy || pair.key.value !== key) return false;
    return PROBES.every(
      (variables) =>
        processWord(pair.value.value, variables, { escape }).text === processWord(value, variables, { escape }).text,
    );
  } catch (error) {
    if (isTareError(error)) return false;
    throw error;
  }
}
