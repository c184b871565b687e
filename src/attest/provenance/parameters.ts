import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Json } from './types.ts';

/** Settings that are set, and lists and objects that are not empty. */
export function present(settings: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(settings).filter((item): item is [string, Json] => {
      const [, value] = item;
      return value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0);
    }),
  );
}

/** Variables, build arguments, labels; passwords that can be told by their names are `***`. */
export function maskedValues(
  values: Iterable<readonly [name: string, value: string]>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...values].map(([name, value]) => [name, withoutSecretWords(`${name}=${value}`).slice(name.length + 1)]),
  );
}

/** The words of a command. */
export function maskedWords(words: readonly string[]): readonly string[] {
  return words.map(withoutSecretWords);
}
