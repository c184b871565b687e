import { resolve } from 'node:path';
import { checkKeys } from './check-keys.ts';
import type { Draft } from './draft.ts';
import { asMap, childOf, composeError, scalarNode, type Node } from './node.ts';
import { isRemote, pathOf, resolvePath, type Surroundings } from './paths.ts';
import type { Problems } from './problems.ts';
import { labelsOf, pairsOf, textOf, textsOf, wordOf } from './scalars.ts';
import { flagOf } from './volumes.ts';

/** `build:` of a service, written out as a map. */
export function readBuild(node: Node, around: Surroundings, problems: Problems): NonNullable<Draft['build']> {
  const map = asMap(node);
  checkKeys(map, 'build', problems);
  const contextNode = childOf(map, 'context') ?? scalarNode('.', map.spot);
  const context = isRemote(textOf(contextNode)) ? textOf(contextNode) : pathOf(contextNode, around);
  const dockerfile = childOf(map, 'dockerfile');
  const inline = childOf(map, 'dockerfile_inline');
  const target = childOf(map, 'target');
  if (dockerfile !== undefined && inline !== undefined)
    throw composeError(inline.spot, '`dockerfile` and `dockerfile_inline` say two things: leave one of them out');
  return {
    context,
    ...(dockerfile === undefined ? {} : { dockerfile: below(context, wordOf(dockerfile)) }),
    ...(inline === undefined ? {} : { dockerfileInline: textOf(inline) }),
    args: argsOf(childOf(map, 'args'), around),
    ...(target === undefined ? {} : { target: wordOf(target) }),
    additionalContexts: contextsOf(childOf(map, 'additional_contexts'), around),
    labels: labelsOf(childOf(map, 'labels')),
    noCache: flagOf(map, 'no_cache', false),
    platforms: textsOf(childOf(map, 'platforms')),
    tags: textsOf(childOf(map, 'tags')),
  };
}

const below = (context: string, dockerfile: string): string =>
  isRemote(context) ? dockerfile : resolve(context, dockerfile);

/** Without a value it is that of the environment; without that, the Dockerfile's own. */
function argsOf(node: Node | undefined, { env }: Surroundings): Readonly<Record<string, string>> {
  const pairs = [...pairsOf(node)].flatMap(([name, value]) => {
    const found = value ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    return found === undefined ? [] : [[name, found] as const];
  });
  return Object.fromEntries(pairs);
}

function contextsOf(node: Node | undefined, around: Surroundings): Readonly<Record<string, string>> {
  const pairs = [...pairsOf(node)].map(([name, value]) => {
    const spot = node?.kind === 'map' ? (node.entries.get(name)?.value.spot ?? node.spot) : undefined;
    if (value === null || value === '' || spot === undefined)
      throw composeError(
        (node as Node).spot,
        `the context ${JSON.stringify(name)} has no place: a folder, an image or a URL`,
      );
    if (value.startsWith('service:'))
      throw composeError(spot, 'a context of another service is not supported', {
        code: 'E_COMPOSE_UNSUPPORTED',
        hint: 'give that service an `image` name, build it first, and write `docker-image://NAME`',
      });
    return [name, isRemote(value) ? value : resolvePath(value, scalarNode(value, spot), around.env)] as const;
  });
  return Object.fromEntries(pairs);
}
