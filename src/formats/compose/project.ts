import { checkKeys, extensionsOf } from './check-keys.ts';
import type { Draft } from './draft.ts';
import { asMap, childOf, composeError, type Entry, type MapNode } from './node.ts';
import type { Surroundings } from './paths.ts';
import type { Problems } from './problems.ts';
import { readDefinition, readNetwork, readVolume, type FileDefinition } from './resources.ts';
import { readService } from './service.ts';
import type { ProjectNetwork, ProjectVolume } from './types.ts';

const MAX_SERVICES = 500;

/** A whole project as its merged files say it, before anybody chooses services. */
export interface ProjectDraft {
  readonly services: ReadonlyMap<string, Draft>;
  readonly networks: ReadonlyMap<string, ProjectNetwork>;
  readonly volumes: ReadonlyMap<string, ProjectVolume>;
  readonly configs: ReadonlyMap<string, FileDefinition>;
  readonly secrets: ReadonlyMap<string, FileDefinition>;
  readonly extensions: Readonly<Record<string, unknown>>;
  /** Names that are there, even where what they name is wrong: that is told once. */
  readonly named: Readonly<Record<'networks' | 'volumes' | 'configs' | 'secrets', ReadonlySet<string>>>;
}

export function readProjectDraft(root: MapNode, around: Surroundings, problems: Problems): ProjectDraft {
  checkKeys(root, 'project', problems);
  const read = <T>(key: string, one: (name: string, entry: Entry) => T): ReadonlyMap<string, T> => {
    const node = childOf(root, key);
    const map = node === undefined ? undefined : problems.attempt(() => asMap(node));
    const found = new Map<string, T>();
    for (const [name, entry] of map?.entries ?? []) {
      const value = problems.attempt(() => {
        checkName(name, entry);
        return one(name, entry);
      });
      if (value !== undefined) found.set(name, value);
    }
    return found;
  };
  const namesIn = (key: string): ReadonlySet<string> => {
    const node = childOf(root, key);
    return new Set(node?.kind === 'map' ? node.entries.keys() : []);
  };
  const services = childOf(root, 'services');
  if (services === undefined || (services.kind === 'map' && services.entries.size === 0))
    throw composeError((services ?? root).spot, 'there are no services', {
      hint: 'name at least one below `services:`',
    });
  if (services.kind === 'map' && services.entries.size > MAX_SERVICES)
    throw composeError(services.spot, `more than ${MAX_SERVICES} services`);
  return {
    services: read('services', (name, entry) => readService(name, entry, around, problems)),
    networks: read('networks', (name, entry) => readNetwork(name, entry, problems)),
    volumes: read('volumes', (name, entry) => readVolume(name, entry, around, problems)),
    configs: read('configs', (_name, entry) => readDefinition(entry, 'config', around, problems)),
    secrets: read('secrets', (_name, entry) => readDefinition(entry, 'secret', around, problems)),
    extensions: extensionsOf(root),
    named: {
      networks: namesIn('networks'),
      volumes: namesIn('volumes'),
      configs: namesIn('configs'),
      secrets: namesIn('secrets'),
    },
  };
}

function checkName(name: string, { key }: Entry): void {
  if (/^[a-zA-Z0-9._-]{1,63}$/.test(name)) return;
  throw composeError(key, `${JSON.stringify(name)} is no name: letters, digits, ., _ and -, at most 63`);
}
