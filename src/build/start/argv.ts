import { TareError } from '../../base/error.ts';
import { isInside, textOfBytes, type TreePath } from '../../base/path.ts';
import { isPython } from '../../evidence/python/command.ts';
import { packageNames } from './names.ts';
import { findProgram, inApp, runtimeOf } from './programs.ts';
import type { Detector, StartInput } from './types.ts';

/** `entrypoint` of tare.yaml: the whole command line. */
export const fromArgv: Detector = async (input) => {
  const { app, config, runtimes, searchPath, tree } = input;
  if (config.entrypoint === undefined) return undefined;
  const [program = '', ...rest] = config.entrypoint;
  const path = program.includes('/') ? inApp(app, program) : named(input, program);
  const entry = path === undefined ? undefined : tree.resolve(path)?.entry;
  if (path === undefined || entry?.type !== 'file') {
    throw new TareError(
      'E_PATH_NOT_FOUND',
      `entrypoint: the program ${JSON.stringify(program)} is not in the application, nor in ${searchPath.join(':')}`,
      {
        hint: 'install it, or name it by an absolute path in `entrypoint` of tare.yaml',
      },
    );
  }
  const runtime = runtimeOf(runtimes, path);
  const inside = isInside(app, path) && path !== app && runtime?.program !== path;
  return {
    entrypoint: [textOfBytes(path), ...rest],
    cmd: [],
    env: runtime?.env ?? {},
    ...(inside ? { module: path } : { runtime: path }),
    ...(runtime === undefined ? {} : { runtime: runtime.program, homes: runtime.homes }),
    because: 'entrypoint of tare.yaml',
    ...(await packageNames(input)),
  };
};

/** By the names that run times go by, the one that was chosen; all else as on PATH. */
function named(input: StartInput, program: string): TreePath | undefined {
  const { dotnet, java, python } = input.runtimes;
  if (python !== undefined && isPython(program)) return python.program;
  if (dotnet !== undefined && program === 'dotnet') return dotnet.program;
  return java !== undefined && program === 'java' ? java.program : findProgram(input, program);
}
