/** One way in that a server offers (RFC 9110 section 11.6.1). Scheme and names of parameters in small letters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_CHARS = 16 * 1024;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;
const BLANK = /[\s,]*/y;
const EQUALS = /\s*=\s*/y;

/** Every challenge of the `WWW-Authenticate` headers of an answer, in order. What cannot be read ends the header that it stands in. */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => parseHeader(header.slice(0, MAX_HEADER_CHARS)));
}

function parseHeader(text: string): Challenge[] {
  const found: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(BLANK);
    const word = take(TOKEN)?.[0];
    if (word === undefined) return found;
    const open = found.at(-1);
    if (open !== undefined && take(EQUALS) !== undefined) {
      const value = take(QUOTED)?.[1]?.replace(/\\([\s\S])/g, '$1') ?? take(TOKEN)?.[0];
      if (value === undefined) return found;
      const name = word.toLowerCase();
      if (!open.parameters.has(name)) open.parameters.set(name, value);
      continue;
    }
    found.push({ scheme: word.toLowerCase(), parameters: new Map() });
    take(/[ \t]*/y);
    // `Negotiate BASE64`: a credential in place of parameters, unless what follows is NAME=VALUE.
    const before = at;
    if (take(TOKEN68)?.[0].endsWith('=') === false) at = before;
  }
}
