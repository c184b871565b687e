import { dotnetAnalyser } from './dotnet/index.ts';
import { elfAnalyser } from './elf/index.ts';
import { javaAnalyser } from './java/index.ts';
import { nodeAnalyser } from './node/index.ts';
import { startOnly } from './observed/index.ts';
import { pythonAnalyser } from './python/index.ts';
import { serversAnalyser } from './servers/index.ts';
import { shellAnalyser } from './shell/index.ts';
import { textsAnalyser } from './texts/index.ts';
import type { Analyser } from './types.ts';

/** Every analyser, one line each. */
export const ANALYSERS: readonly (() => Analyser)[] = [
  dotnetAnalyser,
  elfAnalyser,
  javaAnalyser,
  nodeAnalyser,
  pythonAnalyser,
  serversAnalyser,
  shellAnalyser,
  textsAnalyser,
];

/** Those that know how the kernel and the loader start a program: what was observed needs no more. */
export const START_ANALYSERS: readonly (() => Analyser)[] = [
  () => startOnly(elfAnalyser()),
  () => startOnly(shellAnalyser()),
];
