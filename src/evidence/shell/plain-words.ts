import type { ByteString } from '../../base/path.ts';

/** Words of a command line that no shell reads: quotes and backslashes as in POSIX (XCU 2.2), nothing is expanded. A quote that is not closed goes on to the end. */
export function plainWords(text: ByteString): ByteString[] {
  const words = text.match(/(?:[^\s"'\\]|\\[^]?|"(?:\\[^]|[^"\\])*(?:"|\\?$)|'[^']*(?:'|$))+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /\\([^])|"((?:\\[^]|[^"\\])*)"?|'([^']*)'?/g,
      (_whole, escaped?: string, double?: string, single?: string) =>
        escaped ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? single ?? '',
    ),
  );
}
