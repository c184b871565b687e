import { compareBytes, nameOf } from '../../base/path.ts';
import { includedFramework, sharedFramework } from './dotnet.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { node, perl, php, python, ruby } from './scanned.ts';
import type { Runtime, RuntimeInput, RuntimeRule } from './types.ts';

export type { Runtime } from './types.ts';

/** One word per run time. */
const RULES: readonly RuntimeRule[] = [go, includedFramework, java, node, perl, php, python, ruby, sharedFramework];

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
  return found
    .filter((runtime) => !isBehindProgram(runtime, found))
    .sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.name, b.name));
}

/** A library of the same release as a program: it is what the program loads, or there for others to embed. */
function isBehindProgram({ name, path, version }: Runtime, found: readonly Runtime[]): boolean {
  const isLibrary = (at: string): boolean => at.slice(at.lastIndexOf('/') + 1).startsWith('lib');
  return (
    isLibrary(path) && found.some((other) => other.name === name && other.version === version && !isLibrary(other.path))
  );
}
