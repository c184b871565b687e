import { array, assert, constantFrom, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import { ancestorsOf, type TreePath } from '../../../src/base/path.ts';
import { createIgnoreMatcher, parseIgnoreFile } from '../../../src/formats/ignorefile/index.ts';

/**
 * The same rules once more, straight from their description and slow: every way to divide the path is tried, every folder above is asked for itself,
 * and the rules are gone through from the first to the last.
 */
function hiddenByReference(lines: readonly string[], path: string): boolean {
  let hidden = false;
  for (const line of lines) {
    const exception = line.startsWith('!');
    const pattern = exception ? line.slice(1) : line;
    const parts = path.split('/');
    const asked = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    if (asked.some((each) => matchesWhole(pattern, each))) hidden = !exception;
  }
  return hidden;
}

function matchesWhole(pattern: string, path: string): boolean {
  if (pattern === '') return path === '';
  if (pattern.startsWith('**')) {
    const rest = pattern.slice(pattern.startsWith('**/') ? 3 : 2);
    if (rest === '') return true;
    const starts = [0, ...Array.from(path.matchAll(/\//g), (match) => match.index + 1)];
    return starts.some((at) => matchesWhole(rest, path.slice(at)));
  }
  const letter = pattern[0] as string;
  const rest = pattern.slice(1);
  if (letter === '*') {
    const end = path.search(/\/|$/);
    return Array.from({ length: end + 1 }, (_, at) => path.slice(at)).some((tail) => matchesWhole(rest, tail));
  }
  if (path === '') return false;
  if (letter === '?') return path[0] !== '/' && matchesWhole(rest, path.slice(1));
  if (letter !== '[') return path[0] === letter && matchesWhole(rest, path.slice(1));
  const [whole, not, set] = /^\[(\^?)([^\]]+)\]/.exec(pattern) as unknown as [string, string, string];
  return set.includes(path[0] as string) === (not === '') && matchesWhole(pattern.slice(whole.length), path.slice(1));
}

const piece = array(constantFrom('a', 'b', 'ab', '*', '?', '[ab]', '[^a]', '.x'), { minLength: 1, maxLength: 4 });
// Two stars in a piece of their own: what they do within a name is in the table of matcher.test.ts.
const segment = piece.map((parts) => parts.join('').replace(/\*+/g, '*'));
const pattern = array(constantFrom('**', 'a', 'b'), { maxLength: 2 }).chain((front) =>
  tuple(constantFrom('', '!'), segment, segment, constantFrom('', '/**')).map(
    ([mark, one, two, end]) => mark + [...front, one, two].join('/') + end,
  ),
);
const name = array(constantFrom('a', 'b', '.', 'x', 'c'), { minLength: 1, maxLength: 4 }).map((letters) =>
  letters.join('').replace(/^\.+$/, 'a'),
);
const paths = array(array(name, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });

it('agrees with a slow reference', () => {
  assert(
    property(array(pattern, { minLength: 1, maxLength: 5 }), paths, (lines, all) => {
      const { hides } = createIgnoreMatcher(parseIgnoreFile(lines.join('\n'), { file: 'x' }));
      for (const parts of all)
        expect([parts, hides(`/${parts.join('/')}` as TreePath) !== undefined]).toEqual([
          parts,
          hiddenByReference(lines, parts.join('/')),
        ]);
    }),
    { numRuns: 3000 },
  );
});

it('never passes by a folder in which something is shown', () => {
  assert(
    property(array(pattern, { minLength: 1, maxLength: 5 }), paths, (lines, all) => {
      const { hides, mayHoldExceptions } = createIgnoreMatcher(parseIgnoreFile(lines.join('\n'), { file: 'x' }));
      for (const parts of all) {
        const path = `/${parts.join('/')}` as TreePath;
        if (hides(path) !== undefined) continue;
        for (const folder of ancestorsOf(path))
          expect(hides(folder) === undefined || mayHoldExceptions(folder)).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});
