import type { Draft } from './draft.ts';
import { composeError, type Spot } from './node.ts';
import type { Problems } from './problems.ts';
import { suggestion } from '../../base/suggestion.ts';
import { TareError } from '../../base/error.ts';

export interface Choice {
  /** `*` is all. */
  readonly profiles: readonly string[];
  /** Only these, and what they depend on; each is there whatever its profiles. Empty: all. */
  readonly services: readonly string[];
}

/** Names of the services that take part (15-profiles.md). @throws TareError E_COMPOSE when one is not there, or none is left */
export function selectServices(
  drafts: ReadonlyMap<string, Draft>,
  choice: Choice,
  problems: Problems,
): ReadonlySet<string> {
  const active = (draft: Draft): boolean => {
    const { profiles } = draft.service;
    return (
      profiles.length === 0 || choice.profiles.includes('*') || profiles.some((name) => choice.profiles.includes(name))
    );
  };
  const asked = new Set(choice.services);
  for (const name of asked) {
    if (drafts.has(name)) continue;
    throw new TareError(
      'E_COMPOSE',
      `no service is called ${JSON.stringify(name)}${suggestion(name, [...drafts.keys()])}`,
      {
        hint: `services: ${[...drafts.keys()].join(', ')}`,
      },
    );
  }
  const on = (name: string, draft: Draft): boolean => asked.has(name) || active(draft);
  const start =
    asked.size > 0 ? [...asked] : [...drafts].filter(([name, draft]) => on(name, draft)).map(([name]) => name);
  const chosen = new Set<string>();
  const pending = [...start];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const draft = drafts.get(name);
    if (draft === undefined || chosen.has(name)) continue;
    chosen.add(name);
    for (const needed of needsOf(draft)) {
      const other = drafts.get(needed.name);
      if (other !== undefined && on(needed.name, other)) pending.push(needed.name);
      else if (needed.required) problems.attempt(() => complain(needed, other, drafts));
    }
  }
  if (chosen.size === 0)
    throw new TareError('E_COMPOSE', 'no service is chosen: all of them belong to profiles', {
      hint: `name a profile: ${[...new Set([...drafts.values()].flatMap(({ service }) => service.profiles))].join(', ')}`,
    });
  return chosen;
}

interface Needed {
  readonly name: string;
  readonly required: boolean;
  readonly spot: Spot;
}

export function needsOf(draft: Draft): readonly Needed[] {
  const places = new Map(draft.mentions.filter(({ kind }) => kind === 'service').map(({ name, spot }) => [name, spot]));
  return [
    ...draft.service.dependsOn.map(({ service, required }) => ({
      name: service,
      required,
      spot: places.get(service) ?? draft.spot,
    })),
    ...draft.links.map(({ service, spot }) => ({ name: service, required: true, spot })),
  ];
}

function complain({ name, spot }: Needed, other: Draft | undefined, drafts: ReadonlyMap<string, Draft>): never {
  if (other === undefined)
    throw composeError(spot, `no service is called ${JSON.stringify(name)}${suggestion(name, [...drafts.keys()])}`);
  throw composeError(spot, `the service ${JSON.stringify(name)} belongs to a profile that is not active`, {
    hint: `activate one of its profiles: ${other.service.profiles.join(', ')}`,
  });
}
