import { compareBytes, type ByteString, ROOT, type TreePath } from '../base/path.ts';
import type { Tree } from '../tree/types.ts';

/** Most paths that one pattern may give. */
const MAX_MATCHES = 4096;

/** Paths that a glob(7) pattern (absolute; `*`, `?`, `[…]` inside components) names, in byte order. Hidden names only match a pattern that starts with '.'. */
export function expandGlob(tree: Tree, pattern: ByteString): TreePath[] {
  let found: TreePath[] = [ROOT];
  for (const part of pattern.split('/').filter((each) => each !== '' && each !== '.')) {
    const tokens = /[*?[]/.test(part) ? tokensOf(part) : undefined;
    found = found
      .flatMap((folder) => {
        const parent = tree.resolve(folder)?.entry;
        if (parent?.type !== 'directory') return [];
        const prefix = folder === '/' ? '' : folder;
        if (tokens === undefined) return [`${prefix}/${part}` as TreePath];
        const names = tree.children(parent.path).map((entry) => entry.path.slice(entry.path.lastIndexOf('/') + 1));
        const visible = names.filter(
          (name) => matches(tokens, name) && (part.startsWith('.') || !name.startsWith('.')),
        );
        return visible.map((name) => `${prefix}/${name}` as TreePath);
      })
      .slice(0, MAX_MATCHES);
  }
  return found.filter((path) => tree.resolve(path) !== undefined).sort(compareBytes);
}

type Token = '*' | ((char: string) => boolean);

function tokensOf(part: ByteString): Token[] {
  const pieces = part.match(/\*+|\[!?\]?[^\]]*\]|[^]/g) ?? [];
  return pieces.map((piece): Token => {
    if (piece.startsWith('*')) return '*';
    if (piece === '?') return () => true;
    if (piece.length > 1) return classOf(piece.slice(1, -1));
    return (char) => char === piece;
  });
}

/** The inside of `[…]`: characters and ranges, `!` in front turns it round. */
function classOf(text: ByteString): (char: string) => boolean {
  const negated = text.startsWith('!');
  const ranges = [...text.slice(negated ? 1 : 0).matchAll(/([^])-([^])|([^])/g)];
  return (char) =>
    ranges.some(([, from, to, single]) =>
      single === undefined ? char >= (from as string) && char <= (to as string) : char === single,
    ) !== negated;
}

/** Going back only to the last star keeps the time at length times length: a hostile pattern cannot make it explode. */
function matches(tokens: readonly Token[], name: ByteString): boolean {
  let [token, at, starToken, starAt] = [0, 0, -1, 0];
  while (at < name.length) {
    const test = tokens[token];
    if (test === '*') {
      [starToken, starAt] = [token, at];
      token++;
    } else if (test?.(name[at] as string) === true) {
      token++;
      at++;
    } else {
      if (starToken === -1) return false;
      token = starToken + 1;
      at = ++starAt;
    }
  }
  return tokens.slice(token).every((rest) => rest === '*');
}
