/** Where a secret stands in the text of a command: UTF-16 units, `[start, end)`. */
export interface SecretPlace {
  readonly start: number;
  readonly end: number;
}

export const HIDDEN = '***';

/** Longer texts are looked at in part: what people type is shorter. */
const MAX_CHARS = 256 * 1024;

/** The words after which a value is a secret, as parts of the names of flags and variables. */
const NAME = String.raw`(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)`;
/** A value that stands there itself: no variable, no substitution, no path, no placeholder. */
const VALUE = String.raw`(?:"[^"$\s\`]+"|'[^'\s]+'|[^\s"'$\`;&|<>()\\/,{}*…][^\s"'\`;&|<>(),\]]*)`;
const BLANK = String.raw`(?:\s+|\\\n\s*|"\s*,\s*"|'\s*,\s*')`;

/** The last group is the secret. All of them are bounded by white space or quotes, so that the time is linear. */
const PATTERNS: readonly RegExp[] = [
  // PGPASSWORD=x, export API_TOKEN=x; the value of NAME_FILE is a path.
  new RegExp(
    String.raw`(?<![\w$\{-])(?:[A-Za-z]\w{0,60}?)?(?:${NAME}|_PASS|SECRET_KEY_BASE|ENCRYPTION_KEY|MYSQL_PWD|PGPASSWORD)=(${VALUE})`,
    'gid',
  ),
  // --password=x, --db-password x, --token=x; --password-stdin and --token-file have no secret.
  new RegExp(
    String.raw`(?<![\w-])--(?!no-|(?:en|dis)abled?-|with(?:out)?-)(?:[a-z0-9]{1,30}-){0,4}${NAME}(?:=|${BLANK})(?!-|id=)(${VALUE})`,
    'gid',
  ),
  // mysql -px, mysqldump -px; sshpass -p x.
  new RegExp(
    String.raw`(?<![\w-])(?:mysql\w{0,20}|mariadb[\w-]{0,20})(?=[\s"])[^\n;&|]{0,400}?[\s"]-p(${VALUE})`,
    'gid',
  ),
  new RegExp(String.raw`(?<![\w-])sshpass${BLANK}-p${BLANK}?(${VALUE})`, 'gid'),
  // redis-cli -a x; docker login -p x.
  new RegExp(String.raw`(?<![\w-])redis-cli(?=[\s"])[^\n;&|]{0,400}?[\s"]-a${BLANK}(${VALUE})`, 'gid'),
  new RegExp(
    String.raw`(?<![\w-])(?:docker|podman|helm|skopeo|buildah)${BLANK}login(?=[\s"])[^\n;&|]{0,400}?[\s"]-p${BLANK}(${VALUE})`,
    'gid',
  ),
  // curl -u user:x
  new RegExp(
    String.raw`(?<![\w-])(?:curl|wget)(?=[\s"])[^\n;&|]{0,400}?[\s"](?:-u|--user)(?:=|${BLANK})["']?[^\s:"'$]{1,100}:([^\s"'$]+)`,
    'gid',
  ),
  /\bAuthorization:\s*(?:Bearer|Basic|token)\s+([^\s"'$`]+)/dgi,
  /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"'$]{0,100}:([^\s/@"'$]+)@/dgi,
  /_(?:authToken|auth|password)\s*=\s*([^\s"'$`]+)/dg,
  // Words that are secrets by their form: GitHub, GitLab, AWS, Slack, Stripe, npm.
  /\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}|glpat-[\w-]{20,255}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abprs]-[\w-]{10,255}|sk_live_[A-Za-z0-9]{16,255}|npm_[A-Za-z0-9]{36})\b/dg,
];

/**
 * Secrets in a command (a shell line, a JSON array, a whole instruction) that can be told by where they stand or by their form. What comes from a
 * variable, a file or a substitution is none. In the order of the text; no two overlap.
 */
export function secretsIn(text: string): readonly SecretPlace[] {
  const looked = text.slice(0, MAX_CHARS);
  const found = PATTERNS.flatMap((pattern) =>
    [...looked.matchAll(pattern)].flatMap(({ indices }): SecretPlace[] => {
      const [start, end] = indices?.at(-1) ?? [0, 0];
      const isQuoted = /^["']/.test(looked.slice(start, end)) && end - start > 2;
      return end === start ? [] : [isQuoted ? { start: start + 1, end: end - 1 } : { start, end }];
    }),
  ).sort((a, b) => a.start - b.start || b.end - a.end);
  let reached = 0;
  return found.filter(({ end, start }) => {
    if (start < reached || looked.slice(start, end) === HIDDEN) return false;
    reached = end;
    return true;
  });
}

/** The text as it may be shown: `***` in the place of each secret. */
export function withoutSecretWords(text: string): string {
  let out = '';
  let copied = 0;
  for (const { end, start } of secretsIn(text)) {
    out += text.slice(copied, start) + HIDDEN;
    copied = end;
  }
  return out + text.slice(copied);
}
