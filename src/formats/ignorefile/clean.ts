/** Unicode's White_Space, which Go trims; JavaScript's own `trim` takes U+FEFF for white space, and not U+0085. */
const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${SPACE}+`);
const BLANK = new RegExp(SPACE);

/** As Go's `strings.TrimSpace`. */
export function trimmed(text: string): string {
  let end = text.length;
  while (end > 0 && BLANK.test(text[end - 1] as string)) end--;
  return text.slice(0, end).replace(LEADING, '');
}

/** As Go's `filepath.Clean`: lexically the shortest name for the same path. `..` at the start of a relative path stays; nothing becomes `.`. */
export function cleaned(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push(part);
  }
  const joined = parts.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}
