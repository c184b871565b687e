import { basename, resolve } from 'node:path';
import { TareError } from '../base/error.ts';
import { parseImageName } from '../oci/reference.ts';
import { transportOf } from '../transports/route.ts';

/** Docker's rule for one component of a repository name. */
const COMPONENT = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/g;
/** Of a name that is made up; the grammar allows some more. */
const MAX_NAME_CHARS = 200;

/**
 * A name for the image, with its tag: what was told, else the package's name (`@scope/x` → `scope/x`), else the folder's.
 * @throws TareError E_REFERENCE when what was told cannot be a name in the store
 */
export function imageName(told: string | undefined, project: string | undefined, dir: string): string {
  if (told === undefined) return `${madeUp(project ?? basename(resolve(dir)))}:latest`;
  const name = parseImageName(told);
  if (transportOf(name) === undefined) return name;
  throw new TareError('E_REFERENCE', `${JSON.stringify(told)} names a transport, not an image of the store`, {
    hint: 'give the image a plain name; `--output` writes it elsewhere',
  });
}

function madeUp(source: string): string {
  const parts = source
    .toLowerCase()
    .slice(0, MAX_NAME_CHARS)
    .replace(/^@/, '')
    .split('/')
    .map((part) => (part.match(COMPONENT) ?? []).join('-'));
  const name = parts.filter((part) => part !== '').join('/');
  return name === '' || transportOf(`${name}:latest`) !== undefined ? 'app' : name;
}
