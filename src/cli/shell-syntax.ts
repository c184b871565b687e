/** What only a shell understands, and no program takes for an argument of its own in good faith. */
const OPERATORS = /^(?:&&|\|\|?|;|&|\d*>>?(?:&\d)?|\d*<<?|&>)/;
const EXPANSION = /^\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[^}]*\}|\()|^`/;
/** `sh -c "…"`, `node -e "…"`: what is quoted is a program for somebody else. */
const INLINE = /^\s*\S+\s+-\w*[ce]\s/;
const ASSIGNMENT = /^\s*([A-Za-z_][A-Za-z0-9_]*=)/;

/**
 * The first thing in a command line that wants a shell (POSIX.1-2024, Shell Command Language, 2.2 Quoting, 2.9 Shell Commands), as it is written there:
 * an operator that is a word of its own or ends one, an expansion, unless it is quoted for another interpreter, an assignment in front. Undefined: there is none.
 */
export function shellSyntax(text: string): string | undefined {
  const assignment = ASSIGNMENT.exec(text)?.[1];
  if (assignment !== undefined) return assignment;
  const opaque = INLINE.test(text) ? `"'` : "'";
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const rest = text.slice(at);
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== '' && char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if ((quote === '' || !opaque.includes(quote)) && EXPANSION.test(rest)) return EXPANSION.exec(rest)?.[0];
    else if (quote === '' && isOperatorAt(text, at)) return OPERATORS.exec(rest)?.[0];
  }
  return undefined;
}

/** Not in the middle of a word: `http://host/?a=1&b=2` is one, and `2>&1` begins one. */
function isOperatorAt(text: string, at: number): boolean {
  const found = OPERATORS.exec(text.slice(at))?.[0];
  if (found === undefined) return false;
  const before = text[at - 1] ?? ' ';
  const after = text[at + found.length] ?? ' ';
  return /\s/.test(before) || (/\s/.test(after) && !/^\d/.test(found));
}

/** A word for a shell in these quotes; other quotes than the outer ones are best inside. */
export function shellQuoted(text: string, quote: '"' | "'"): string {
  const inner = quote === '"' ? text.replace(/["\\$`]/g, '\\$&') : text.replaceAll("'", `'\\''`);
  return `${quote}${inner}${quote}`;
}
