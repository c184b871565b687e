import { basename, resolve } from 'node:path';

/** Docker's rule for one component of a repository name. */
const COMPONENT = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/g;

/** A name for the image: what was told, else the package's name (`@scope/x` → `scope/x`), else the folder's. Always valid. */
export function imageName(told: string | undefined, project: string | undefined, dir: string): string {
  if (told !== undefined) return told;
  const source = (project ?? basename(resolve(dir))).toLowerCase().replace(/^@/, '');
  const parts = source.split('/').map((part) => (part.match(COMPONENT) ?? []).join('-'));
  return parts.filter((part) => part !== '').join('/') || 'app';
}
