import { isTareError, TareError } from '../../base/error.ts';
import { folderKind } from '../folder-kind.ts';
import { fromArgv } from './argv.ts';
import { fromBinary, fromScripts } from './binary.ts';
import { fromDotnet } from './dotnet.ts';
import { fromEntry } from './entry.ts';
import { fromJava } from './java.ts';
import { fromNode } from './node.ts';
import { fromPython } from './python.ts';
import type { Detector, Start, StartInput } from './types.ts';

/** What the user says, then what the files of a language say; the first that knows decides. */
const BY_DESIGN: readonly Detector[] = [fromArgv, fromEntry, fromNode, fromPython, fromDotnet, fromJava];
/** What a file's mode says: only where no language's files are, for those come with scripts that build and deploy. */
const BY_MODE: readonly Detector[] = [fromBinary, fromScripts];

/**
 * Decides how the application starts. A language whose files are there and start nothing (the package.json of a Django application) leaves the word to
 * the next one; when nobody has an answer, its error is the answer.
 * @throws TareError E_AMBIGUOUS_ENTRY listing the candidates, E_NO_ENTRY, E_NO_RUNTIME, E_NOT_INSTALLED, E_PATH_NOT_FOUND
 */
export async function findStart(input: StartInput): Promise<Start> {
  const { config } = input;
  const start = await decide(input);
  return { ...start, cmd: config.cmd ?? start.cmd, env: { ...start.env, ...config.env } };
}

async function decide(input: StartInput): Promise<Start> {
  let refused: TareError | undefined;
  for (const detect of BY_DESIGN) {
    try {
      const start = await detect(input);
      if (start !== undefined) return start;
    } catch (error) {
      if (!isTareError(error, 'E_NO_ENTRY') || detect === fromEntry) throw error;
      refused ??= error;
    }
  }
  if (refused !== undefined) throw refused;
  for (const detect of BY_MODE) {
    const start = await detect(input);
    if (start !== undefined) return start;
  }
  throw nothingToStart(input);
}

function nothingToStart({ app, tree }: StartInput): TareError {
  const kind = folderKind(tree, app);
  const nothing =
    'the folder holds nothing that starts: no package.json, no Python, .NET or Java application, no ELF binary and no executable script';
  const message = kind === undefined ? nothing : `${nothing}; it looks like ${kind.what}`;
  const empty = tree.children(app).length === 0;
  return new TareError('E_NO_ENTRY', empty ? 'the application folder is empty' : message, {
    hint: kind?.hint ?? 'say what to start: `tare build --entry FILE`, or `entrypoint:` in tare.yaml',
  });
}
