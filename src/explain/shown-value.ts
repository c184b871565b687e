import { HIDDEN, secretsIn, withoutSecretWords } from '../base/command-secrets.ts';
import { isSecretName } from './findings/secrets/assignments.ts';

/** The value of a variable or a label as it may be shown. What its name says to be a secret is hidden as a whole. */
export function shownValue(name: string, value: string): string {
  if (value !== '' && isSecretName(name)) return HIDDEN;
  const text = `${name}=${value}`;
  const start = secretsIn(text)[0]?.start;
  if (start === undefined) return value;
  return start <= name.length + 2 ? HIDDEN : withoutSecretWords(text).slice(name.length + 1);
}

/** A list of words as it may be shown. A secret may be in a word or in several: they are looked at together. */
export function shownWords(words: readonly string[]): readonly string[] {
  const shown = withoutSecretWords(JSON.stringify(words));
  try {
    const list = JSON.parse(shown) as unknown;
    if (Array.isArray(list) && list.length === words.length) return list as string[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return words.map(withoutSecretWords);
}
