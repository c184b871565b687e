import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const LANGUAGES = ['de', 'en', 'fr'];

/** The first language of a header or query that there are words for. */
export function languageOf(asked) {
  return String(asked ?? '').split(/[,;-]/).find((word) => LANGUAGES.includes(word)) ?? 'en';
}

/** Words of a language, read when they are asked for. */
export async function wordsOf(language) {
  return JSON.parse(await readFile(new URL(`../locales/${language}.json`, import.meta.url), 'utf8'));
}

/** zod's own complaints in that language. */
export function complaintsOf(language) {
  return z.locales[language]().localeError;
}
