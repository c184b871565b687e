import type { RuleSpec } from '../types.ts';
import { AGE } from './age.ts';
import { BUDGETS } from './budgets.ts';
import { GROWTH } from './growth.ts';
import { LABELS } from './labels.ts';
import { PACKAGES } from './packages.ts';
import { SAFETY } from './safety.ts';
import { WASTE } from './waste.ts';

/** Every rule of tare.yaml, in the order of reports. */
export const RULES: readonly RuleSpec[] = [...BUDGETS, ...GROWTH, ...WASTE, ...SAFETY, ...AGE, ...PACKAGES, ...LABELS];
