import picomatch from 'picomatch';
import type { Warning } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import { bytesOfText, cleanPath, joinPath, nameOf, textOfBytes, type TreePath } from '../base/path.ts';
import type { Tree } from '../tree/types.ts';

export interface IncludeInput {
  readonly tree: Tree;
  /** The application's folder. */
  readonly app: TreePath;
  readonly patterns: readonly string[];
}

/**
 * The paths that patterns name, folders and what is in them. Patterns that start with '/' name paths of the image, all others paths of the application.
 * @throws TareError E_CONFIG for one that leads out of the image
 */
export function includedPaths(input: IncludeInput, warn: (warning: Warning) => void): TreePath[] {
  const out = new Set<TreePath>();
  for (const pattern of input.patterns) {
    const scan = picomatch.scan(pattern);
    const base = rooted(input.app, scan.isGlob ? scan.base : pattern, pattern);
    const matches = scan.isGlob ? picomatch(absoluteGlob(input.app, pattern), GLOB_OPTIONS) : () => true;
    const found = input.tree.resolve(base);
    if (found === undefined) {
      warn({ code: 'include-missing', message: `include ${JSON.stringify(pattern)} matches nothing` });
      continue;
    }
    if (!scan.isGlob) out.add(base);
    const pending = [{ at: found.entry.path, shown: base }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const child of input.tree.children(next.at)) {
        const shown = joinPath(next.shown, nameOf(child.path));
        if (child.type === 'directory') pending.push({ at: child.path, shown });
        if (matches(textOfBytes(shown))) out.add(shown);
      }
    }
  }
  return [...out];
}

/** Names may start with a dot and hold newlines. */
const GLOB_OPTIONS = { dot: true, flags: 's' };

function rooted(app: TreePath, text: string, pattern: string): TreePath {
  try {
    return cleanPath(text.startsWith('/') ? bytesOfText(text) : `${app}/${bytesOfText(text)}`);
  } catch (error) {
    throw new TareError('E_CONFIG', `include: ${JSON.stringify(pattern)} leads out of the image`, {
      hint: 'name paths of the application, or absolute paths of the image',
      cause: error,
    });
  }
}

/** The folder of the application is a name, not a pattern, whatever it is called. */
function absoluteGlob(app: TreePath, pattern: string): string {
  if (pattern.startsWith('/')) return pattern;
  const folder = textOfBytes(app).replace(/[^\p{L}\p{N}/._-]/gu, '\\$&');
  return `${folder === '/' ? '' : folder}/${pattern.replace(/^(?:\.\/)+/, '')}`;
}

/** Whether a path fits one of the patterns, or lies in a folder that does. */
export function pathMatcher(app: TreePath, patterns: readonly string[]): (path: TreePath) => boolean {
  if (patterns.length === 0) return () => false;
  const absolute = patterns.map((pattern) => absoluteGlob(app, pattern));
  const matches = picomatch(
    [...absolute, ...absolute.map((pattern) => `${pattern.replace(/\/$/, '')}/**`)],
    GLOB_OPTIONS,
  );
  return (path) => matches(textOfBytes(path));
}
