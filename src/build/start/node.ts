import { TareError } from '../../base/error.ts';
import { joinPath, nameOf, pathOfText, textOfBytes, type TreePath } from '../../base/path.ts';
import { nodeProject } from '../../evidence/node/project.ts';
import { packageNames } from './names.ts';
import { fileWord, findProgram } from './programs.ts';
import type { Detector, Start, StartInput } from './types.ts';

/** `package.json`: what it says, started by node. */
export const fromNode: Detector = async (input) => {
  const { app, content, tree } = input;
  if (tree.resolve(joinPath(app, 'package.json'))?.entry.type !== 'file') return undefined;
  const project = await nodeProject(tree, content, app);
  const node = nodeRuntime(input);
  const [flags, rest] = project.args;
  return {
    entrypoint: [node, ...flags, fileWord(app, project.entry), ...rest],
    cmd: [],
    env: project.env,
    runtime: pathOfText(node),
    module: project.entry,
    ...(project.name === undefined ? {} : { name: project.name }),
    ...(project.version === undefined ? {} : { version: project.version }),
    because: `${project.from} of package.json`,
  };
};

/** A module that the user names. */
export async function nodeEntry(input: StartInput, path: TreePath): Promise<Start> {
  const node = nodeRuntime(input);
  return {
    entrypoint: [node, fileWord(input.app, path)],
    cmd: [],
    env: {},
    runtime: pathOfText(node),
    module: path,
    because: '--entry',
    ...(await packageNames(input)),
  };
}

/** Whether Node runs a file of that name. */
export function isJavaScript(path: TreePath): boolean {
  return /\.[cm]?js$/.test(path) || !nameOf(path).includes('.');
}

function nodeRuntime(input: StartInput): string {
  const path = findProgram(input, 'node');
  if (path !== undefined) return textOfBytes(path);
  throw new TareError(
    'E_NO_RUNTIME',
    `the application needs Node, and the warehouse has no \`node\` in ${input.searchPath.join(':')}`,
    {
      hint: 'put node on PATH, or take it from an image: `tare build --from IMAGE`',
    },
  );
}
