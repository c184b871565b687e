import type { Rule } from './types.ts';

const MODULES: Readonly<Record<string, string>> = {
  ProcessPoolExecutor: 'concurrent.futures.process',
  InterpreterPoolExecutor: 'concurrent.futures.interpreter',
  // PathFinder.invalidate_caches imports it (Lib/importlib/_bootstrap_external.py, 3.11).
  invalidate_caches: 'importlib.metadata',
};

/** Modules of the library that come only when somebody asks for one thing: the pool of processes brings all of multiprocessing. */
export const askedFor: Rule = {
  name: 'asked-for',
  find: ({ module, scan }) =>
    module?.startsWith('concurrent.futures') === true || module?.startsWith('importlib') === true
      ? []
      : scan.words.flatMap((word) => {
          const name = MODULES[word];
          return name === undefined
            ? []
            : [{ module: name, because: `it names ${word}`, certainty: 'likely' } as const];
        }),
};
