import { lineAt, type FoundSecret } from './token-rules.ts';

/** The end of names whose value is a secret; `PASSWORD_FILE` and the like name a place. */
const SECRET_NAME =
  /(?:^|[_.-]|[a-z](?=[A-Z]))(?:password|passwd|passphrase|pwd|(?<![a-z])pass|secret|secret[_-]?key(?:[_-]?base)?|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|client[_-]?secret|credentials)$/i;
/** Values that are none: variables, placeholders, paths, words that every example uses. */
const NO_SECRET =
  /^(?:\$|<|\{|%|\/|file:|https?:\/\/[^:@/]*(?:\/|$)|(?:change|replace|your|example|dummy|sample|fake|test|todo|insert|enter|none|null|nil|undefined|true|false|yes|no|on|off|default|password|passwd|secret|token|root|admin|postgres|mysql|guest|user|redis|foo|bar)(?:[\W_]?(?:me|this|it|here|\d{0,4}|password|secret|token|key|api|value))*(?:$|[-_ ])|x+$|\*+$|\.+$|-+$)/i;
const MIN_SECRET_CHARS = 6;
const MAX_LINES = 10_000;
/** Of one file. */
const MAX_FOUND = 20;

/** Whether `name=value` gives away something. */
export function isSecretAssignment(name: string, value: string): boolean {
  const plain = unquoted(value.trim());
  if (plain.length < MIN_SECRET_CHARS || NO_SECRET.test(plain) || /^(.)\1*$/.test(plain)) return false;
  return isSecretName(name);
}

/** Whether what has that name is a secret, whatever its value. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/** `NAME=value` line by line, as in `.env`. */
export function assignmentsIn(text: string, kind: string): readonly FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const [at, line] of text.split('\n', MAX_LINES).entries()) {
    const match = /^\s{0,64}(?:export\s{1,8})?([\w.-]{1,128})\s{0,8}[=:]\s{0,8}(.{1,4096})$/.exec(line.trimEnd());
    if (match !== null && isSecretAssignment(match[1] ?? '', withoutComment(match[2] ?? '')))
      found.push({ kind, line: at + 1 });
    if (found.length === MAX_FOUND) break;
  }
  return found;
}

/** A value that a pattern's last group holds, unless it is a placeholder. The pattern is global. */
export function valuesIn(text: string, kind: string, pattern: RegExp): readonly FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const match of text.matchAll(pattern)) {
    const value = unquoted((match.at(-1) ?? '').trim());
    if (value === '' || NO_SECRET.test(value)) continue;
    found.push({ kind, line: lineAt(text, match.index) });
    if (found.length === MAX_FOUND) break;
  }
  return found;
}

function withoutComment(value: string): string {
  return /^["']/.test(value) ? value : value.replace(/\s#.*$/, '');
}

function unquoted(value: string): string {
  const match = /^(["'])([^]*)\1[;,]?$/.exec(value);
  return match?.[2] ?? value;
}
