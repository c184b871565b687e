import { TareError } from '../../base/error.ts';
import { bytesOfText, joinPath, nameOf, parentOf, quotePath, textOfBytes, type TreePath } from '../../base/path.ts';
import { closest } from '../../formats/dockerfile/closest.ts';
import type { Tree } from '../../tree/types.ts';
import type { CopyAction, FileVertex } from '../types.ts';
import type { FileSystem } from './result.ts';

const MAX_LISTED = 8;
const MAX_ELSEWHERE = 3;
/** Of a folder: more are not compared. */
const MAX_COMPARED = 10_000;

/**
 * A source of COPY that is not there: out of the context, hidden by a line of an ignore file, misspelt, or somewhere else.
 * @returns E_PATH_NOT_FOUND; undefined when every source is there
 */
export function missingSource(
  from: FileSystem,
  action: CopyAction,
  { outside = [] }: Pick<FileVertex, 'outside'>,
): TareError | undefined {
  const isContext = action.from.op === 'source' && action.from.source.kind === 'local';
  for (const source of action.sources) {
    const path = bytesOfText(source.replace('/./', '/').replace(/(?<=.)\/$/, '')) as TreePath;
    if (from.tree.resolve(path) !== undefined) continue;
    const shown = isContext ? quotePath(path.slice(1)) : quotePath(path);
    const left = isContext ? outside.find((item) => item.path === source) : undefined;
    if (left !== undefined) return outsideError(left.text);
    const rule = from.hiddenBy?.(path);
    if (rule !== undefined) {
      const line = `${rule.file}:${rule.line}`;
      return new TareError(
        'E_PATH_NOT_FOUND',
        `${shown} is not in the build context: ${line} hides it (${rule.text})`,
        {
          hint: `change that line, or add the line \`!${textOfBytes(path).slice(1)}\` below it`,
        },
      );
    }
    const place = isContext ? 'in the build context' : 'in what it is copied from';
    const link = brokenLink(from.tree, path);
    if (link !== undefined)
      return new TareError('E_PATH_NOT_FOUND', `${shown} is a link to ${quotePath(link)}, which is not ${place}`, {
        hint: 'links are followed below its root only: copy the file itself to the place of the link, or mend the link',
      });
    return new TareError('E_PATH_NOT_FOUND', `${shown} is not ${place}`, {
      hint: hintFor(from.tree, path, isContext),
    });
  }
  return undefined;
}

function outsideError(text: string): TareError {
  return new TareError(
    'E_PATH_NOT_FOUND',
    `${JSON.stringify(text)} is outside of the build context, and nothing but the context can be copied`,
    {
      hint: 'give a folder further up as the context: `tare build -f DIR/Dockerfile ..`; or the other folder a name: `--build-context NAME=FOLDER`, and `COPY --from=NAME`',
    },
  );
}

/** Where a link leads that is there, and whose end is not. */
function brokenLink(tree: Tree, path: TreePath): TreePath | undefined {
  const folder = path === '/' ? undefined : tree.resolve(parentOf(path))?.entry.path;
  if (folder === undefined) return undefined;
  return tree.get(joinPath(folder, nameOf(path)))?.link as TreePath | undefined;
}

/** The nearest name where the path ends to lead anywhere; else the same name in other folders; else what is there. */
function hintFor(tree: Tree, path: TreePath, isContext: boolean): string {
  const show = (at: TreePath): string => (isContext ? textOfBytes(at).slice(1) : textOfBytes(at));
  let gone = path;
  while (gone !== '/' && tree.resolve(parentOf(gone)) === undefined) gone = parentOf(gone);
  const folder = parentOf(gone);
  const names = namesIn(tree, folder);
  const near = closest(textOfBytes(nameOf(gone)), names);
  if (near !== undefined) {
    const meant = `${folder === '/' ? '' : folder}/${bytesOfText(near)}` as TreePath;
    const whole = `${meant}${path.slice(gone.length)}` as TreePath;
    return `did you mean ${JSON.stringify(show(tree.resolve(whole) === undefined ? meant : whole))}?`;
  }
  const elsewhere = sameName(tree, path);
  if (elsewhere.length > 0) return `did you mean ${elsewhere.map((at) => JSON.stringify(show(at))).join(' or ')}?`;
  const where = folder === '/' ? (isContext ? 'the context' : 'the root') : show(folder);
  if (names.length === 0) return `${where} is empty`;
  const rest = names.length > MAX_LISTED ? `, and ${names.length - MAX_LISTED} more` : '';
  return `${where} holds ${names.slice(0, MAX_LISTED).join(', ')}${rest}`;
}

function namesIn(tree: Tree, folder: TreePath): readonly string[] {
  const real = tree.resolve(folder)?.entry.path;
  if (real === undefined) return [];
  return tree
    .children(real)
    .slice(0, MAX_COMPARED)
    .map((entry) => textOfBytes(nameOf(entry.path)));
}

/** The first few paths, in the order of the tree, that end in the same name in any case. */
function sameName(tree: Tree, path: TreePath): readonly TreePath[] {
  const wanted = textOfBytes(nameOf(path)).toLowerCase();
  const found: TreePath[] = [];
  for (const entry of tree.walk()) {
    if (entry.path === '/' || textOfBytes(nameOf(entry.path)).toLowerCase() !== wanted) continue;
    found.push(entry.path);
    if (found.length === MAX_ELSEWHERE) break;
  }
  return found;
}
