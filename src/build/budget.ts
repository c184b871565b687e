import { formatSize } from '../base/format-size.ts';
import type { Config } from '../config/config.ts';
import type { Sizes } from './types.ts';

/** One line for each exceeded limit; empty when the image keeps to its budget. */
export function overBudget(budget: Config['budget'], size: Sizes): string[] {
  return (['disk', 'wire'] as const).flatMap((kind) => {
    const limit = budget?.[kind];
    if (limit === undefined || size[kind] <= limit) return [];
    return [
      `${kind}: ${formatSize(size[kind])}, ${formatSize(size[kind] - limit)} more than the ${formatSize(limit)} that tare.yaml allows`,
    ];
  });
}
