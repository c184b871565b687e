import { compareBytes, joinPath, nameOf, ROOT, type ByteString, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from './types.ts';

/** One step of a walk: an entry to hand out, or a folder to go into. */
interface Step {
  readonly key: ByteString;
  readonly entry: Entry | undefined;
  readonly into: TreePath | undefined;
}

/**
 * `Tree.walk` for anything that has `children`, asking for one folder at a time. Byte order of the whole path is not that of a
 * plain descent: `/a-b` comes before `/a/b`, since '-' is less than '/'. So a folder stands twice among its siblings: as NAME it is
 * handed out, as NAME/ it is gone into.
 */
export function* walkWith(children: Tree['children'], from: TreePath = ROOT): Generator<Entry> {
  const stack: Step[][] = [stepsOf(children, from)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const step = top.pop();
    if (step === undefined) stack.pop();
    else if (step.entry !== undefined) yield step.entry;
    else if (step.into !== undefined) stack.push(stepsOf(children, step.into));
  }
}

/** The first step last. */
function stepsOf(children: Tree['children'], dir: TreePath): Step[] {
  const steps: Step[] = [];
  for (const entry of children(dir)) {
    const name = nameOf(entry.path);
    steps.push({ key: name, entry, into: undefined });
    if (entry.type === 'directory') steps.push({ key: `${name}/`, entry: undefined, into: joinPath(dir, name) });
  }
  return steps.sort((a, b) => compareBytes(b.key, a.key));
}
