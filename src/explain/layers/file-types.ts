import { nameOf } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';

/** By the ends of names: contents are not read. The first that fits counts. */
const TYPES: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['documentation', /^\/usr(?:\/local)?\/share\/(?:doc|man|info|gtk-doc|help)\//],
  ['translations', /^\/usr(?:\/local)?\/share\/(?:locale|i18n)\/|^\/usr\/lib\/locale\/|\.mo$/],
  ['package records', /^\/var\/lib\/(?:dpkg|apt|rpm)\/|^\/lib\/apk\/|^\/var\/cache\/(?:apt|apk|debconf)\//],
  ['caches and logs', /^\/var\/(?:cache|log)\/|^\/(?:tmp|var\/tmp)\/|^\/root\/\.(?:cache|npm)\//],
  ['source maps', /\.(?:js|mjs|cjs|css)\.map$/],
  ['shared libraries', /\.so(?:\.\d+)*$|\.dylib$/],
  ['static libraries', /\.(?:a|lib|o|la)$/],
  ['native Node.js add-ons', /\.node$/],
  ['.NET assemblies', /\.(?:dll|exe|winmd)$/],
  ['debug symbols', /\.(?:debug|pdb|dbg)$|^\/usr\/lib\/debug\//],
  ['Java archives', /\.(?:jar|war|ear|class|jmod|jsa)$|\/lib\/modules$/],
  ['JavaScript', /\.(?:js|mjs|cjs|jsx)$/],
  ['TypeScript', /\.(?:ts|mts|cts|tsx)$/],
  ['Python', /\.py[iw]?$/],
  ['compiled Python', /\.py[co]$/],
  ['headers and C source', /\.(?:h|hh|hpp|hxx|c|cc|cpp|cxx|inc)$/],
  ['other source', /\.(?:go|rs|rb|php|pl|pm|pod|lua|cs|java|swift|f90)$/],
  ['shell scripts', /\.(?:sh|bash|zsh|fish)$/],
  ['archives', /\.(?:tar|t?gz|tgz|xz|bz2|zst|zip|whl|nupkg|deb|apk|rpm|gem|crate|7z)$/],
  ['images and fonts', /\.(?:png|jpe?g|gif|webp|avif|ico|svg|bmp|woff2?|ttf|otf|eot|pcf)$/],
  ['certificates', /\.(?:crt|pem|cer|der|p12)$/],
  ['databases', /\.(?:db|sqlite3?|mdb|dat)$/],
  ['text and settings', /\.(?:json|ya?ml|toml|ini|conf|cfg|xml|html?|css|md|markdown|rst|txt|csv|list|md5sums)$/i],
];

/** What kind of file it is, by its path and mode. */
export function fileTypeOf({ mode, path }: Pick<Entry, 'mode' | 'path'>): string {
  const dot = nameOf(path).includes('.');
  const found = TYPES.find(([, pattern]) => pattern.test(path));
  if (found !== undefined) return found[0];
  if ((mode & 0o111) !== 0) return 'programs';
  return dot ? 'other' : 'without an ending';
}
