import { HIDDEN, withoutSecretWords } from '../../base/command-secrets.ts';
import type { Probe } from '../../sandbox/types.ts';
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

/** Names of what is secret as a whole, whatever its value looks like. That of a file which holds one is none. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)?$|secret(?:_key\w*)?$|token$|(?:api|access|private|signing|encryption)[_-]?key$|_pwd$|credentials?$/i;
/** Headers that say who asks. */
const SECRET_HEADER = /^(?:proxy-)?authorization$|^cookie$|(?:secret|token|api-?key)$/i;

/** Variables, build arguments, labels; passwords that can be told by their names or by their form are `***`. */
export function maskedValues(
  values: Iterable<readonly [name: string, value: string]>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...values].map(([name, value]) => [
      name,
      SECRET_NAME.test(name) && value !== '' ? HIDDEN : withoutSecretWords(`${name}=${value}`).slice(name.length + 1),
    ]),
  );
}

/** The words of a command: a secret may be known by the word before it. */
export function maskedWords(words: readonly string[]): readonly string[] {
  try {
    return JSON.parse(withoutSecretWords(JSON.stringify(words))) as readonly string[];
  } catch (error) {
    // A secret that ends within an escape sequence.
    if (error instanceof SyntaxError) return words.map(() => HIDDEN);
    throw error;
  }
}

/** Probes as they were asked for, without what they show to the server to be let in. */
export function maskedProbes(probes: readonly Probe[]): Json {
  const masked = probes.map((probe) => {
    if ('command' in probe) return { ...probe, command: { ...probe.command, argv: maskedWords(probe.command.argv) } };
    if (!('http' in probe)) return probe;
    const { path, requestBody, requestHeaders, ...rest } = probe.http;
    const headers = Object.entries(requestHeaders ?? {}).map(([name, value]): readonly [string, string] => [
      name,
      SECRET_HEADER.test(name) ? HIDDEN : withoutSecretWords(value),
    ]);
    const http = {
      ...rest,
      path: withoutSecretWords(path),
      ...(requestBody === undefined ? {} : { requestBody: HIDDEN }),
      ...(requestHeaders === undefined ? {} : { requestHeaders: Object.fromEntries(headers) }),
    };
    return { ...probe, http };
  });
  return JSON.parse(JSON.stringify(masked)) as Json;
}
