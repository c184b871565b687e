import { childrenOf, type SyntaxNode } from './nodes.ts';

/** The body of a branch, by its offset, and what its condition says. */
export interface Branch {
  readonly body: number;
  readonly when: 'never' | 'main' | 'perhaps';
}

/** Never true in a container, which runs Linux, and is not checked for types. */
const NEVER =
  /^(?:(?:typing|t|T|_t)\.)?TYPE_CHECKING$|^(?:sys\.)?platform\s*==\s*['"](?:win32|darwin|cygwin|ios|emscripten|wasi)['"]$|^sys\.platform\.startswith\(\s*['"](?:win|darwin|java)\w*['"]\s*\)$|^(?:os\.)?name\s*==\s*['"](?:nt|java)['"]$|^False$|^0$|^platform\.system\(\)\s*==\s*['"](?:Windows|Darwin)['"]$/;
const ALWAYS = /^not\s+(?:(?:typing|t|T|_t)\.)?TYPE_CHECKING$/;
const MAIN = /^__name__\s*==\s*['"]__main__['"]$/;

/** The branches of an `if` statement. */
export function conditionsOf(node: SyntaxNode, text: string): Branch[] {
  const out: Branch[] = [];
  let condition: string | undefined;
  let always = false;
  for (const child of childrenOf(node)) {
    if (child.name === 'if' || child.name === 'elif' || child.name === 'else') condition = undefined;
    else if (child.name === 'Body') {
      const when = always ? 'never' : condition === undefined ? 'perhaps' : whenOf(condition);
      out.push({ body: child.from, when });
      always ||= condition !== undefined && ALWAYS.test(condition);
    } else
      condition =
        child.to - child.from > 200
          ? ''
          : text
              .slice(child.from, child.to)
              .replace(/^\((.*)\)$/s, '$1')
              .trim();
  }
  return out;
}

function whenOf(condition: string): Branch['when'] {
  if (NEVER.test(condition)) return 'never';
  return MAIN.test(condition) ? 'main' : 'perhaps';
}

/** The bodies of a `try` statement, by their offsets: what is tried, and what is done when an import fails. */
export function attemptsOf(node: SyntaxNode, text: string): { readonly body: number; readonly fallback: boolean }[] {
  const out: { body: number; fallback: boolean }[] = [];
  let clause = '';
  let errors = '';
  for (const child of childrenOf(node)) {
    if (child.name === 'Body') {
      if (clause === 'try') out.push({ body: child.from, fallback: false });
      if (
        clause === 'except' &&
        (errors === '' || /\b(?:ImportError|ModuleNotFoundError|Exception|BaseException)\b/.test(errors))
      )
        out.push({ body: child.from, fallback: true });
    } else if (/^(?:try|except|else|finally)$/.test(child.name)) [clause, errors] = [child.name, ''];
    else errors += ` ${text.slice(child.from, Math.min(child.to, child.from + 200))}`;
  }
  return out;
}
