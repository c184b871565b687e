import picomatch from 'picomatch';

/** Whether any of the globs matches the whole text; of paths `*` stops at a slash. */
export function globs(patterns: readonly string[]): (text: string) => boolean {
  const tests = patterns.map((pattern) => picomatch(pattern, { dot: true, flags: 's' }));
  return (text) => tests.some((test) => test(text));
}
