import { joinPath, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import { fileAt } from '../node/files.ts';
import type { PythonProcess } from './process.ts';

/**
 * The compiled forms of a source that the interpreter would read: `__pycache__/NAME.TAG.pyc`, and those of `-O` when it runs so (PEP 3147, PEP 488).
 * They are worth their bytes in start time, and useless without the source, whose time and size they name.
 */
export function compiledFiles({ layout, start, tree }: PythonProcess, source: TreePath): TreePath[] {
  const { optimize } = start.command;
  const stem = nameOf(source).replace(/\.py$/, '');
  const level = optimize === 0 ? '' : `.opt-${optimize}`;
  const path = joinPath(joinPath(parentOf(source), '__pycache__'), `${stem}.${layout.tag}${level}.pyc`);
  return fileAt(tree, path) === undefined ? [] : [path];
}
