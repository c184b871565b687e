import { elfAnalyser } from './elf/index.ts';
import { nodeAnalyser } from './node/index.ts';
import { shellAnalyser } from './shell/index.ts';
import type { Analyser } from './types.ts';

/** Every analyser, one line each. */
export const ANALYSERS: readonly (() => Analyser)[] = [elfAnalyser, nodeAnalyser, shellAnalyser];

/** Those that know how the kernel and the loader start a program: what was observed needs no more. */
export const START_ANALYSERS: readonly (() => Analyser)[] = [elfAnalyser, shellAnalyser];
