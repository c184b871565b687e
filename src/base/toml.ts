import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml';
import { TareError } from './error.ts';

export type { TomlTable, TomlValue };

/** Of one document; a pyproject.toml has some kilobytes. */
const MAX_TEXT_CHARS = 1024 * 1024; // 1 Mi
/** Arrays and tables in each other; the parser calls itself. */
const MAX_DEPTH = 100;

/** @throws TareError E_TOML naming the line, E_LIMIT */
export function tomlTable(text: string): TomlTable {
  if (text.length > MAX_TEXT_CHARS)
    throw new TareError('E_LIMIT', `a TOML document is longer than ${MAX_TEXT_CHARS} characters`);
  try {
    return parse(text, { maxDepth: MAX_DEPTH, integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '') ?? 'not TOML';
    throw new TareError('E_TOML', `line ${error.line}: ${what}`, { cause: error });
  }
}
