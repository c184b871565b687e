import type { Context } from '../../base/events.ts';
import { formatSize } from '../../base/format-size.ts';
import { TareError } from '../../base/error.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { layers } from '../layers/layers.ts';

/** What a first budget leaves above what is there, as a share. */
const ROOM = 0.1;

/** There is nothing to hold the image against: the cure is a first set of rules, with the sizes that it has now. */
export async function withoutRules(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<TareError> {
  const { reference } = options.image;
  const { size } = await layers({ ...options, limit: 1 });
  const [disk, wire] = [limitFor(size.disk), limitFor(size.wire)];
  const hint = [
    `write them as flags: tare check ${reference} --disk ${disk} --wire ${wire} --user non-root --no-setuid --no-secrets`,
    'or into tare.yaml, for example (10% more than it has now):',
    '',
    'check:',
    `  disk: ${disk}`,
    `  wire: ${wire}`,
    '  wasted: 5%',
    '  user: non-root',
    '  no-setuid: true',
    '  no-secrets: true',
    '  max-age: 90d',
  ].join('\n');
  return new TareError('E_USAGE', `there are no rules to check ${reference} by`, { hint });
}

/** Rounded up to two digits, so that it can be read and remembered: `46MB`. */
function limitFor(bytes: number): string {
  const wanted = Math.round(bytes * (1 + ROOM));
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, wanted))) - 1);
  return formatSize(Math.ceil(wanted / step) * step).replace(/(?:\.0)? /, '');
}

export function missingBase(reference: string): TareError {
  return new TareError('E_USAGE', `growth of ${reference} is to be checked, and nothing says against what`, {
    hint: 'name the image to measure against: --against IMAGE, or `base:` below `check:` in tare.yaml',
  });
}
