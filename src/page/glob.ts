/** What a search looks for: a glob when it has signs of one, else any part of a path, whatever the case. */
export function matcherOf(query: string): (path: string) => boolean {
  if (!/[*?[]/.test(query)) {
    const wanted = query.toLowerCase();
    return (path) => path.toLowerCase().includes(wanted);
  }
  const pattern = regularOf(query);
  // Without a slash it is about names alone.
  if (!query.includes('/')) return (path) => pattern.test(path.slice(path.lastIndexOf('/') + 1));
  return (path) => pattern.test(path);
}

/** `*` and `?` stop at a slash, `**` does not; what does not begin at the root may begin anywhere. */
function regularOf(glob: string): RegExp {
  const anchored = glob.startsWith('/') || glob.startsWith('*') ? glob : glob.includes('/') ? `**/${glob}` : glob;
  let out = '';
  for (let at = 0; at < anchored.length; at++) {
    const char = anchored[at] as string;
    const run = /^\*+/.exec(anchored.slice(at))?.[0];
    if (run !== undefined) {
      at += run.length - 1;
      const isWhole = run.length > 1 && anchored[at + 1] === '/';
      if (isWhole) at += 1;
      out += isWhole ? '(?:.*/)?' : run.length > 1 ? '.*' : '[^/]*';
      continue;
    }
    const set = char === '[' ? /^\[(!?)([^\]]+)\]/.exec(anchored.slice(at)) : null;
    if (set !== null) {
      at += set[0].length - 1;
      out += `[${set[1] === '' ? '' : '^/'}${(set[2] ?? '').replaceAll(/[\\\]^]/g, String.raw`\$&`)}]`;
    } else out += char === '?' ? '[^/]' : char.replace(/[\\^$.|+(){}[\]]/, String.raw`\$&`);
  }
  try {
    return new RegExp(`^${out}$`, 's');
  } catch (error) {
    // `[z-a]`
    if (error instanceof SyntaxError) return /^\b$/;
    throw error;
  }
}
