import type { Config } from '../config/config.ts';
import type { Sizes } from './types.ts';

/** One line for each exceeded limit; empty when the image keeps to its budget. */
export function overBudget(budget: Config['budget'], size: Sizes): string[] {
  return (['disk', 'wire'] as const).flatMap((kind) => {
    const limit = budget?.[kind];
    if (limit === undefined || size[kind] <= limit) return [];
    return [`${kind}: ${size[kind]} bytes are ${size[kind] - limit} more than the ${limit} that tare.yaml allows`];
  });
}
