import { TareError } from '../base/error.ts';

/** Folder or file, and what follows it. */
export interface PathReference {
  readonly path: string;
  readonly name: string | undefined;
}

/** A drive letter's colon is part of the path. */
const PATH_AND_NAME = /^((?:[A-Za-z]:[\\/])?[^:]*)(?::(.*))?$/s;

/**
 * `PATH[:NAME]` cut at its first colon, as skopeo does: a name may hold colons, a path may not.
 * @throws TareError E_REFERENCE when one of the two is empty or holds a control character
 */
export function splitPathReference(transport: string, rest: string): PathReference {
  const match = PATH_AND_NAME.exec(rest);
  const path = match?.[1] ?? '';
  const name = match?.[2];
  const shown = JSON.stringify(`${transport}:${rest}`);
  if (path === '') throw new TareError('E_REFERENCE', `${shown} names no path`);
  if (name === '') throw new TareError('E_REFERENCE', `${shown} ends with a colon, but no name follows`);
  if (/[\x00-\x1f\x7f]/.test(rest)) throw new TareError('E_REFERENCE', `${shown} holds a control character`);
  return { path, name };
}
