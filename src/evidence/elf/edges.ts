import type { Warning } from '../../base/events.ts';
import { isInside, showPath, type TreePath } from '../../base/path.ts';
import type { Edge } from '../types.ts';
import type { Answer, Closure } from './closure.ts';
import type { Found, Loaded, Opening } from './types.ts';

/** One edge per NEEDED, and what comes with the search for it. */
export function closureEdges(closure: Closure): Edge[] {
  return closure.answers.flatMap((answer) => [
    needEdge(closure, answer),
    ...sideEdges(closure, answer.from, answer.found),
  ]);
}

function needEdge(closure: Closure, { from, to, word, name }: Answer): Edge {
  return {
    from: nodeOf(closure, from),
    to: to.path,
    kind: 'elf-needed',
    because: `${word} ${showPath(name)}, ${to.how}`,
    certainty: 'sure',
    settled: true,
  };
}

export function openingEdges(closure: Closure, { from, found, because, certainty }: Opening): Edge[] {
  const edge: Edge = {
    from: nodeOf(closure, from),
    to: found.path,
    kind: 'elf-dlopen',
    because,
    certainty,
    settled: true,
  };
  return [edge, ...sideEdges(closure, from, found)];
}

/** Builds for better CPUs, the file that the loader could not do without, and folders that its path runs through. */
function sideEdges(closure: Closure, from: Loaded, found: Found | undefined): Edge[] {
  if (found === undefined) return [];
  const node = nodeOf(closure, from);
  const library = showPath(found.path);
  const edges: Edge[] = found.variants.map((variant) => ({
    from: node,
    to: variant.path,
    kind: 'elf-needed',
    because: `${library}, ${variant.how}`,
    certainty: 'likely',
  }));
  if (found.config !== undefined) {
    const because = `without it the loader does not find ${library}`;
    edges.push({ from: node, to: found.config, kind: 'config', because, certainty: 'sure' });
  }
  for (const folder of new Set(found.through)) {
    if (isThereAnyway(closure, folder, from, found)) continue;
    const because = `the loader goes through it to ${library}`;
    edges.push({ from: node, to: folder, kind: 'looked-up', because, certainty: 'sure' });
  }
  return edges;
}

function isThereAnyway(closure: Closure, folder: TreePath, from: Loaded, found: Found): boolean {
  const plain = closure.process.library.tree.resolve(folder)?.via.length === 0;
  return plain && (isInside(folder, from.entry.path) || isInside(folder, found.object.entry.path));
}

/** The object that was asked about is named as in the question, the others by the file that they are. */
function nodeOf(closure: Closure, object: Loaded): TreePath {
  return object === closure.objects[0] ? object.path : object.entry.path;
}

/** Of one program: the rest would only repeat them. */
const MAX_WARNINGS = 64;

/** The first `atStart` missing libraries keep the program from starting; later ones are those of plug-ins, whose loader may have them by then. */
export function missingWarnings(closure: Closure, atStart: number): Warning[] {
  // Nothing that needs a virtual machine is ever loaded by anybody but that machine.
  const missing = closure.missing.map((item, index) => ({ ...item, index })).filter(({ name }) => name !== 'libjvm.so');
  const warnings = missing.slice(0, MAX_WARNINGS).map(({ from, index, name, word, why }): Warning => {
    const path = showPath(from.entry.path);
    const reason = why ?? 'its loader does not find it in this tree';
    const asked = word === 'NEEDED' ? 'needs' : `asks by ${word} for`;
    const message = `${path} ${asked} ${showPath(name)}, but ${reason}`;
    return index < atStart
      ? { code: 'elf-missing', message, path }
      : { code: 'elf-plugin-missing', message: `${message} (a plug-in: the program may have loaded it before)`, path };
  });
  for (const { from, found } of closure.answers)
    if (found?.doubt !== undefined)
      warnings.push({
        code: 'elf-no-cache',
        message: `${showPath(from.entry.path)} needs ${showPath(found.path)}, but ${found.doubt}`,
        path: showPath(found.path),
      });
  if (closure.overflow || missing.length > MAX_WARNINGS) {
    const path = showPath((closure.objects[0] as Loaded).path);
    warnings.push({
      code: 'elf-limit',
      message: `${path} asks for more libraries than any real program: the rest was left out`,
      path,
    });
  }
  return warnings;
}
