import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { ImageConfig } from '../../oci/types.ts';
import { instructionOf } from './instruction.ts';
import type { HistoryFit, Step } from './types.ts';

/**
 * The history, each row with the layer that it made. It is informative only (image-spec config.md, "history"): rows may be missing, and then nobody can
 * tell which.
 * @param layers how many there are
 */
export function stepsOf(
  { history = [] }: Pick<ImageConfig, 'history'>,
  layers: number,
): { readonly fit: HistoryFit; readonly steps: readonly Step[] } {
  const making = history.filter((row) => row.empty_layer !== true).length;
  const fit = history.length === 0 && layers > 0 ? 'missing' : making === layers ? 'complete' : 'mismatched';
  let next = 0;
  const steps = history.map(({ comment, created, created_by: text = '', empty_layer: isEmpty }): Step => ({
    instruction: instructionOf(text),
    layer: fit === 'complete' && isEmpty !== true ? next++ : null,
    ...(created === undefined ? {} : { created }),
    ...(comment === undefined || comment === '' ? {} : { comment: withoutSecretWords(comment) }),
  }));
  return { fit, steps };
}

/** By layer; empty texts where the history does not tell. */
export function instructionsOf(config: Pick<ImageConfig, 'history'>, layers: number): readonly string[] {
  const texts = Array.from({ length: layers }, () => '');
  for (const { instruction, layer } of stepsOf(config, layers).steps) if (layer !== null) texts[layer] = instruction;
  return texts;
}
