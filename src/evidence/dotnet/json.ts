import { showPath, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { fileAt, readText } from '../node/files.ts';

/** A deps.json of the largest applications has a few megabytes. */
const MAX_JSON_BYTES = 32 * 1024 * 1024; // 32 MiB

export type Json = Readonly<Record<string, unknown>>;

export interface JsonFiles {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly warn: (warning: Warning) => void;
}

/** The object in a JSON file as the host reads it: comments and a byte order mark are allowed. Undefined, with a warning when it is there but broken. */
export async function readJson({ content, tree, warn }: JsonFiles, path: TreePath): Promise<Json | undefined> {
  const entry = fileAt(tree, path);
  if (entry === undefined) return undefined;
  const broken = (why: string): undefined => {
    const shown = showPath(path);
    warn({ code: 'dotnet-json', message: `${shown} cannot be used: ${why}`, path: shown });
  };
  if (entry.size > MAX_JSON_BYTES) return broken(`it has ${entry.size} bytes, more than ${MAX_JSON_BYTES}`);
  try {
    const value: unknown = JSON.parse(withoutComments(await readText(content, entry)));
    return isJson(value) ? value : broken('it is no JSON object');
  } catch (error) {
    if (error instanceof SyntaxError) return broken('it is not valid JSON');
    throw error;
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectIn(json: Json | undefined, key: string): Json {
  const value = json !== undefined && Object.hasOwn(json, key) ? json[key] : undefined;
  return isJson(value) ? value : {};
}

export function listIn(json: Json, key: string): readonly unknown[] {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  return Array.isArray(value) ? value : [];
}

export function textIn(json: Json, key: string): string | undefined {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Texts are passed over whole, so that `//` inside of them stays. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, (piece) => (piece.startsWith('"') ? piece : ' '));
}
