import { nameOf } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { Config } from '../../config/config.ts';
import { dotnetOf } from './dotnet.ts';
import { javaOf } from './java.ts';
import { pythonOf, type PythonInput } from './python.ts';
import type { Move, Runtimes } from './types.ts';

export interface RuntimesInput extends PythonInput {
  readonly config: Config;
  /** Variables of the caller; empty for the files of an image. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface FoundRuntimes {
  readonly runtimes: Runtimes;
  /** The application's own tree, fitted to the image. */
  readonly own: Tree;
  readonly moves: readonly Move[];
}

/** Names that make a folder worth looking for a run time, besides what tare.yaml starts. */
const DOTNET = /\.(?:runtimeconfig\.json|dll)$/;
const JAVA = /\.jar$|^(?:pom\.xml|build\.gradle(?:\.kts)?|target|build)$/;

/** The run times that the application's folder may ask for; what nobody asks for is not looked at. */
export async function findRuntimes(input: RuntimesInput): Promise<FoundRuntimes> {
  const { config, environment, own, ownDir } = input;
  const { own: fitted, runtime: python } = await pythonOf(input);
  const names = own.children(ownDir).map((entry) => nameOf(entry.path));
  const word = config.entrypoint?.[0] ?? config.entry ?? '';
  const asks = (sign: RegExp, program: string): boolean =>
    names.some((name) => sign.test(name)) || sign.test(word) || word.slice(word.lastIndexOf('/') + 1) === program;
  const dotnet = asks(DOTNET, 'dotnet') ? await dotnetOf({ ...input, root: environment['DOTNET_ROOT'] }) : undefined;
  const java = asks(JAVA, 'java') ? await javaOf({ ...input, home: environment['JAVA_HOME'] }) : undefined;
  return {
    runtimes: {
      ...(python === undefined ? {} : { python }),
      ...(dotnet === undefined ? {} : { dotnet }),
      ...(java === undefined ? {} : { java }),
    },
    own: fitted,
    moves: [python, dotnet, java].flatMap((runtime) => runtime?.moves ?? []),
  };
}
