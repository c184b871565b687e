import { compareBytes, nameOf } from '../../base/path.ts';
import { go } from './go.ts';
import { node } from './node.ts';
import type { Runtime, RuntimeInput, RuntimeRule } from './types.ts';

export type { Runtime } from './types.ts';

/** One line per run time. */
const RULES: readonly RuntimeRule[] = [go, node];

/** The run times of a Tree, in byte order of their paths; versions are read from their files, which are never run. */
export async function findRuntimes(input: RuntimeInput): Promise<readonly Runtime[]> {
  const found: Runtime[] = [];
  for (const entry of input.tree.walk()) {
    if (entry.type !== 'file') continue;
    const name = nameOf(entry.path);
    for (const rule of RULES) {
      const runtime = rule.looks(entry, name) ? await rule.read(entry, input) : undefined;
      if (runtime !== undefined) found.push(runtime);
    }
  }
  return found.sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.name, b.name));
}
