import { TareError } from '../../base/error.ts';
import type { TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import { dotnetEntry } from './dotnet.ts';
import { javaEntry } from './java.ts';
import { packageNames } from './names.ts';
import { isJavaScript, nodeEntry } from './node.ts';
import { headOf, inApp, isScript, ownStart } from './programs.ts';
import { pythonEntry, pythonTarget } from './python.ts';
import type { Detector, Start, StartInput } from './types.ts';

/** Who starts a file that cannot start itself, by its name. */
const BY_NAME: readonly (readonly [pattern: RegExp, start: (input: StartInput, path: TreePath) => Promise<Start>])[] = [
  [/\.pyw?$/, pythonEntry],
  [/\.dll$/, dotnetEntry],
  [/\.jar$/, javaEntry],
];

/** `--entry`, `entry` of tare.yaml: a file of the application, or `module:callable` of a Python one. */
export const fromEntry: Detector = async (input) => {
  const { app, config, content, tree } = input;
  const name = config.entry;
  if (name === undefined) return undefined;
  const path = inApp(app, name);
  const found = tree.resolve(path)?.entry;
  if (found?.type !== 'file') {
    const target = await pythonTarget(input, name);
    if (target !== undefined) return target;
    throw new TareError('E_PATH_NOT_FOUND', `the entry ${JSON.stringify(name)} is not a file of the application`);
  }
  const known = BY_NAME.find(([pattern]) => pattern.test(found.path));
  if (known !== undefined) return known[1](input, path);
  const head = await headOf(content, found);
  if (isElf(head) || (isScript(head) && (found.mode & 0o111) !== 0))
    return { ...ownStart(path, '--entry'), ...(await packageNames(input)) };
  if (isJavaScript(found.path)) return nodeEntry(input, path);
  throw new TareError(
    'E_NO_ENTRY',
    `the entry ${JSON.stringify(name)} is neither JavaScript, Python, a .NET assembly, a jar, an ELF binary, nor an executable script`,
    {
      hint: 'compile it, or let a script that starts with #! start it; `entrypoint:` in tare.yaml may name any program',
    },
  );
};
