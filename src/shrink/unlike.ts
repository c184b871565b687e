import { TareError } from '../base/error.ts';
import { showAnswer } from '../verify/compare.ts';
import { publicName } from '../verify/public-name.ts';
import { repairsOf, type Proof } from './prove.ts';
import type { ShrinkOptions } from './types.ts';

/** The small image cannot be made to answer as the original does: to what, in what, and what it said. */
export function unlike(
  reference: string,
  { compared, knowledge, small }: Proof,
  { restrict }: Pick<ShrinkOptions, 'restrict'>,
): TareError {
  const failed = compared.find((item) => item.difference !== undefined);
  const answers =
    failed?.original.answer === undefined
      ? ''
      : `; original: ${showAnswer(failed.original.answer)}; small: ${failed.small.answer === undefined ? (failed.small.detail ?? 'no answer') : showAnswer(failed.small.answer)}`;
  const said = small.output.trim().split('\n').slice(-8).join('\n');
  const [repaired] = repairsOf(knowledge);
  const tried =
    repaired === undefined
      ? ''
      : `; ${knowledge.repairs.length} paths were put back in vain, the first of them ${JSON.stringify(repaired.path)}`;
  const question = failed === undefined ? 'a probe' : publicName(failed.name);
  return new TareError(
    'E_UNLIKE',
    `the small ${reference} does not answer ${question} as the original does: ${failed?.difference?.text ?? ''}${answers}${tried}${said === '' ? '' : `; it printed: ${said}`}`,
    {
      hint: `${restrict === true ? 'the restriction may be the cause: try without --restrict; else ' : ''}name what is missing with --include, keep whole packages with --tightness packages, or compare less with --compare status`,
    },
  );
}
