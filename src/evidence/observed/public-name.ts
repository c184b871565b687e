/** Longest name, in UTF-16 units. */
const MAX_NAME_LENGTH = 512;
/** What is looked at of a longer one: its masked form may be shorter. */
const MAX_READ_LENGTH = 4096;
const MASK = '…';

const SECRET = 'token|pass|pwd|secret|key|credential|authorization|cookie';
/** The value in quotes, after the name of a scheme, or up to what ends a word, a list or an object. */
const VALUE = String.raw`(?:"[^"]*"?|'[^']*'?|(?:(?:basic|bearer|digest|negotiate|token)\s+)?[^\s"',;&}\])]+)`;
/** `DB_PASSWORD=…`, `X-Api-Key: …`, `"token":"…"`. What stands before the word does not matter. */
const NAMED = new RegExp(String.raw`((?:${SECRET})[\w.-]{0,64}["']?\s{0,4}[=:]\s{0,4})${VALUE}`, 'gi');
const SECRET_OPTION = new RegExp(String.raw`^--?[\w.-]{0,64}(?:${SECRET})[\w.-]{0,64}$`, 'i');
/** User and password of a URL, which may hold '@' themselves. */
const USER_INFO = /\/\/[^/?#\s"']*@/g;
const USER_OPTION = /^(?:-u|--user|--proxy-user)$/;
/** Three parts of a JSON web token, and what some services begin their keys with. */
const KNOWN_FORMS =
  /\beyJ[\w-]{8,}\.[\w-]{2,}(?:\.[\w-]*)?|\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|sk[-_]|AKIA|AIza|npm_|dckr_pat_)[\w-]{12,}/g;

/**
 * The name of a probe, a command or a phase for results, errors and logs: as it is, with '…' in the place of the values of query strings, and of whatever
 * looks like a credential: values of token, password, secret, key, … (`k=v`, `k: v`, `--k v`), users of URLs, Authorization. On one line, and cut when it is long.
 * Words of a command have lost their quotes when they became a name: of a secret with spaces, the first word alone is masked.
 */
export function publicName(name: string): string {
  const text = name.slice(0, MAX_READ_LENGTH);
  const query = text.startsWith('http ') ? text.indexOf('?') : -1;
  const shown = query === -1 ? text.replace(/\?[^\s"'?#]*=[^\s"'#]*/g, maskedQuery) : text.slice(0, query);
  return line(withoutCredentials(shown) + (query === -1 ? '' : maskedQuery(text.slice(query))));
}

/** `?q=…&page=…`; a part without a name is all value. */
function maskedQuery(query: string): string {
  const parts = query.slice(1).split('&');
  return `?${parts.map((part) => (part.includes('=') ? `${part.slice(0, part.indexOf('='))}=${MASK}` : MASK)).join('&')}`;
}

/** The text with '…' for credentials, and all else as it is. */
export function withoutCredentials(text: string): string {
  const masked = text
    .replace(USER_INFO, `//${MASK}@`)
    .replace(NAMED, `$1${MASK}`)
    .replace(KNOWN_FORMS, MASK)
    .split(/(\s+)/);
  for (let at = 0; at + 2 < masked.length; at += 2) {
    const [word = '', next = ''] = [masked[at], masked[at + 2]];
    if (SECRET_OPTION.test(word) && !next.startsWith('-')) masked[at + 2] = MASK;
    if (USER_OPTION.test(word) && next.includes(':')) masked[at + 2] = `${next.slice(0, next.indexOf(':'))}:${MASK}`;
  }
  return masked.join('');
}

function line(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const flat = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return flat.length <= MAX_NAME_LENGTH ? flat : `${flat.slice(0, MAX_NAME_LENGTH - 1)}${MASK}`;
}
