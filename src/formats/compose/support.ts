/**
 * `yes`: done. `told`: kept for orchestrators, without effect here. `ignored`: without effect, and harmless. `refused`: leaving it out
 * would change what the project means.
 */
export type Support = 'yes' | 'told' | 'ignored' | 'refused';

export interface Attribute {
  readonly support: Support;
  /** What is done instead, or what to write instead; for people. */
  readonly note: string;
}

/** What may stand in a map, by its key. */
export type Section = Readonly<Record<string, Attribute>>;

export const yes = (note = ''): Attribute => ({ support: 'yes', note });
export const told = (note: string): Attribute => ({ support: 'told', note });
export const ignored = (note: string): Attribute => ({ support: 'ignored', note });
export const refused = (note: string): Attribute => ({ support: 'refused', note });
