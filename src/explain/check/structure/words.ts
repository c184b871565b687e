import type { RunConfig } from '../../../oci/types.ts';
import type { Pattern } from './types.ts';

/** The environment of a config, by name. */
export function environmentOf(config: RunConfig): Map<string, string> {
  return new Map(
    (config.Env ?? []).map((line) => {
      const cut = line.indexOf('=');
      return cut === -1 ? [line, ''] : [line.slice(0, cut), line.slice(cut + 1)];
    }),
  );
}

/** `$NAME` and `${NAME}`; what is not set is empty (Go's os.Expand). */
export function expand(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_]\w*|[*#$@!?\-0-9]))/g,
    (_, braced: string | undefined, plain: string | undefined) => env.get(braced ?? plain ?? '') ?? '',
  );
}

const MAX_SHOWN = 200;

/** The end of a text, for a message. */
export const shortened = (text: string): string =>
  text.length > MAX_SHOWN ? `…${text.slice(-MAX_SHOWN)}` : text.trimEnd();

/** What is wrong with a text by expressions that have to match, and such that must not. */
export function mismatches(
  text: string,
  expected: readonly Pattern[],
  excluded: readonly Pattern[],
  what: string,
): readonly string[] {
  const wrong = (pattern: Pattern, wanted: boolean): readonly string[] => {
    const found = pattern.test(text);
    if (found === wanted) return [];
    if (found === undefined) return [`${what}: /${pattern.text}/ takes too long to be looked for`];
    return [`${what}: /${pattern.text}/ ${wanted ? 'is not in it' : 'is in it'}`];
  };
  return [...expected.flatMap((each) => wrong(each, true)), ...excluded.flatMap((each) => wrong(each, false))];
}

/** One outcome of all that is wrong. */
export function verdict(
  name: string,
  wrong: readonly string[],
  fine: string,
): { readonly name: string; readonly ok: boolean; readonly message: string } {
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
  return { name, ok: wrong.length === 0, message: wrong[0] === undefined ? fine : `${wrong[0]}${more}` };
}
