import { ATTRIBUTES } from './attributes.ts';
import { HARDLINKS } from './hardlinks.ts';
import { LINKS } from './links.ts';
import { NAMES } from './names.ts';
import { REPLACING } from './replacing.ts';
import type { Scenario } from './types.ts';
import { WHITEOUTS } from './whiteouts.ts';

/** Images as data: the rules of image-spec layer.md, one by one, and what the hostile make of them. */
export const CORPUS: readonly (readonly [topic: string, scenarios: readonly Scenario[]])[] = [
  ['whiteouts', WHITEOUTS],
  ['replacing', REPLACING],
  ['hard links', HARDLINKS],
  ['symbolic links', LINKS],
  ['names', NAMES],
  ['attributes', ATTRIBUTES],
];
