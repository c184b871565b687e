import type { Link } from './links.ts';

const REFERENCE =
  /@import\s+(?:"([^"\n]{1,2048})"|'([^'\n]{1,2048})')|url\(\s*(?:"([^"\n]{1,2048})"|'([^'\n]{1,2048})'|([^\s"'()]{1,2048}))\s*\)/gi;

/** `@import "x"` and `url(x)` of a style sheet (css-values-4, section 4.5). */
export function cssLinks(css: string): readonly Link[] {
  // A comment may hold what was switched off: asking for it would make a failure of the original's a probe.
  const found = css.replace(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, ' ').matchAll(REFERENCE);
  return [...found].map((match) => ({ href: match.slice(1).find((part) => part !== undefined) ?? '' }));
}
