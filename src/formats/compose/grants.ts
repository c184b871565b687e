import { checkKeys } from './check-keys.ts';
import type { Draft, Grant } from './draft.ts';
import { asMap, childOf, composeError, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { listOf, modeOf, wholeOf, wordOf } from './scalars.ts';
import { targetOf } from './volumes.ts';

const DEFAULT_MODE = 0o444;
const MAX_ID = 2 ** 32 - 2;

/** `configs:` and `secrets:` of a service. */
export function readGrants(node: Node | undefined, of: 'config' | 'secret', problems: Problems): readonly Grant[] {
  const folder = of === 'secret' ? '/run/secrets/' : '/';
  return listOf(node).flatMap((item) => {
    const grant = problems.attempt((): Grant => {
      const { name, map } = grantOf(item, problems);
      const target = map === undefined ? undefined : childOf(map, 'target');
      const mode = map === undefined ? undefined : childOf(map, 'mode');
      const path = target === undefined ? name : wordOf(target);
      return {
        of,
        name,
        target: targetOf(path.startsWith('/') ? path : `${folder}${path}`, (target ?? item).spot),
        mode: mode === undefined ? DEFAULT_MODE : modeOf(mode),
        uid: idOf(map, 'uid'),
        gid: idOf(map, 'gid'),
        spot: item.spot,
      };
    });
    return grant === undefined ? [] : [grant];
  });
}

/** `build.secrets`: the target is the id that a step asks for. */
export function readBuildSecrets(node: Node | undefined, problems: Problems): Draft['buildSecrets'] {
  return listOf(node).flatMap((item) => {
    const secret = problems.attempt(() => {
      const { name, map } = grantOf(item, problems);
      const target = map === undefined ? undefined : childOf(map, 'target');
      return { id: target === undefined ? name : wordOf(target), name, spot: item.spot };
    });
    return secret === undefined ? [] : [secret];
  });
}

function grantOf(item: Node, problems: Problems) {
  if (item.kind === 'scalar') return { name: wordOf(item), map: undefined };
  const map = asMap(item);
  checkKeys(map, 'grant', problems);
  const source = childOf(map, 'source');
  if (source === undefined) throw composeError(item.spot, '`source` is missing: the name of what is meant');
  return { name: wordOf(source), map };
}

function idOf(map: Parameters<typeof childOf>[0] | undefined, key: 'uid' | 'gid'): number {
  const node = map === undefined ? undefined : childOf(map, key);
  return node === undefined ? 0 : wholeOf(node, { min: 0, max: MAX_ID });
}
