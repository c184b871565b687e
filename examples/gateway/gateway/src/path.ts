/** What is wrong with the path of a request; undefined: nothing. */
export function pathFault(path: string): string | undefined {
  if (path.length > MAX_PATH) return `the path is longer than ${MAX_PATH} bytes`;
  if (!/^\/[!-~]*$/.test(path)) return 'the path holds characters that must be percent-encoded';
  // A downstream might resolve them, and answer for a path that belongs to another route.
  if (/%(?:00|2f|5c)|\\/i.test(path)) return 'the path holds a hidden slash';
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) return 'the path holds . or .. segments';
  return undefined;
}

const MAX_PATH = 8192;
