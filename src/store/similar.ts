import { editDistance } from '../base/edit-distance.ts';

const MAX_SUGGESTIONS = 3;

/** Names that a mistyped one may stand for: the same repository under another tag, or few letters away; the nearest first. */
export function closest(wanted: string, names: readonly string[]): string[] {
  const near = names
    .map((name) => ({ name, distance: repositoryOf(name) === repositoryOf(wanted) ? 1 : editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(repositoryOf(wanted).length / 3)));
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

function repositoryOf(name: string): string {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon === -1 ? name : name.slice(0, colon);
}
