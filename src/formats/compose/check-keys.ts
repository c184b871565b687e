import { suggestion } from '../../base/suggestion.ts';
import { SECTIONS, type SectionName } from './attributes.ts';
import { composeError, isNull, plainValue, type Entry, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import type { Section } from './support.ts';

/** More of them are not read in a message. */
const MAX_LISTED_KEYS = 20;

/** Unknown keys, and such as would change the meaning, are problems; what has no effect is a warning. `x-…` may stand everywhere. */
export function checkKeys(node: MapNode, section: SectionName, problems: Problems): void {
  const known: Section = SECTIONS[section];
  for (const [key, entry] of node.entries) {
    if (key.startsWith('x-')) continue;
    problems.attempt(() => checkKey(key, entry, section, known, problems));
  }
}

function checkKey(key: string, entry: Entry, section: SectionName, known: Section, problems: Problems): void {
  const attribute = Object.hasOwn(known, key) ? known[key] : undefined;
  if (attribute === undefined) {
    const keys = Object.keys(known);
    const guess = suggestion(key, keys);
    // A guess is the cure, and a wall of ninety keys would hide it.
    const listed = keys.length > MAX_LISTED_KEYS ? 'docs/compose.md lists the keys' : `known here: ${keys.join(', ')}`;
    const options = guess === '' ? { hint: `${listed}; keys that begin with x- are left alone` } : {};
    throw composeError(entry.key, `unknown key ${JSON.stringify(key)}${guess}`, options);
  }
  if (attribute.support === 'yes' || saysNothing(entry.value)) return;
  if (attribute.support === 'refused')
    throw composeError(entry.key, `is not supported: ${attribute.note}`, { code: 'E_COMPOSE_UNSUPPORTED' });
  const subject = section === 'service' ? key : `${section}.${key}`;
  problems.warn('compose-unsupported', subject, attribute.note, entry.key);
}

/** `privileged: false`, `devices: []` ask for nothing. */
function saysNothing(node: Node): boolean {
  if (node.kind === 'list') return node.items.length === 0;
  if (node.kind === 'map') return node.entries.size === 0;
  return isNull(node) || node.text === '' || node.text === 'false';
}

/** `x-…` keys, unread. */
export function extensionsOf(node: MapNode): Readonly<Record<string, unknown>> {
  const found = [...node.entries].filter(([key]) => key.startsWith('x-'));
  return Object.fromEntries(found.map(([key, { value }]) => [key, plainValue(value)]));
}
