import { posix } from 'node:path';
import { checkKeys } from './check-keys.ts';
import { child, childOf, composeError, asMap, lineText, type MapNode, type Node, type Spot } from './node.ts';
import { pathOf, resolvePath, type Surroundings } from './paths.ts';
import type { Problems } from './problems.ts';
import { bytesOf, modeOf, textOf, truthOf, wordOf } from './scalars.ts';
import type { ServiceMount } from './types.ts';

interface ShortMount {
  readonly source?: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** `[SOURCE:]TARGET[:OPTIONS]`. */
function parseShort(text: string): ShortMount | undefined {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) return undefined;
  const [first = '', second, third] = parts;
  if (second === undefined) return { target: first, options: [] };
  return { source: first, target: second, options: third === undefined ? [] : third.split(',') };
}

/** What two mounts of two files must share to be one. */
export function mountTarget(node: Node): string | undefined {
  if (node.kind === 'list') return undefined;
  const target = node.kind === 'scalar' ? parseShort(node.text)?.target : child(node, 'target');
  const text = typeof target === 'object' ? (target.kind === 'scalar' ? target.text : undefined) : target;
  return text === undefined ? undefined : posix.normalize(`${text}/`);
}

export function readVolumes(list: readonly Node[], around: Surroundings, problems: Problems): readonly ServiceMount[] {
  return list.flatMap((node) => {
    const mount = problems.attempt(() =>
      node.kind === 'map' ? longMount(node, around, problems) : shortMount(node, around),
    );
    return mount === undefined ? [] : [mount];
  });
}

function shortMount(node: Node, around: Surroundings): ServiceMount {
  const text = wordOf(node);
  const short = parseShort(text);
  if (short === undefined)
    throw composeError(node.spot, `${JSON.stringify(text)} is not [SOURCE:]TARGET[:ro]`, {
      hint: 'for example "data:/var/lib/data", "./conf:/etc/conf:ro"',
    });
  const at = lineText(node.spot);
  const target = targetOf(short.target, node.spot);
  const readOnly = short.options.includes('ro');
  for (const option of short.options) checkOption(option, node.spot);
  if (short.source === undefined) return { kind: 'volume', at, target, readOnly: false, noCopy: false };
  if (/^[./~]/.test(short.source))
    return { kind: 'bind', at, source: resolvePath(short.source, node, around.env), target, readOnly, create: true };
  return { kind: 'volume', at, volume: short.source, target, readOnly, noCopy: short.options.includes('nocopy') };
}

/** Of the short form; those of other systems and labels of SELinux mean nothing here. */
const OPTIONS = /^(?:ro|rw|nocopy|z|Z|cached|delegated|consistent|r?(?:shared|slave|private))$/;

function checkOption(option: string, spot: Spot): void {
  if (!OPTIONS.test(option))
    throw composeError(spot, `${JSON.stringify(option)} is no option of a mount: ro, rw, nocopy`);
}

function longMount(node: MapNode, around: Surroundings, problems: Problems): ServiceMount {
  checkKeys(node, 'volume', problems);
  const type = childOf(node, 'type');
  const source = childOf(node, 'source');
  const targetNode = childOf(node, 'target');
  if (targetNode === undefined) throw composeError(node.spot, '`target` is missing: where it appears in the container');
  const target = targetOf(wordOf(targetNode), targetNode.spot);
  const at = lineText(node.spot);
  const readOnly = flagOf(node, 'read_only', false);
  switch (type === undefined ? 'volume' : textOf(type)) {
    case 'volume':
      return {
        kind: 'volume',
        at,
        ...(source === undefined ? {} : { volume: wordOf(source) }),
        target,
        readOnly,
        noCopy: flagOf(part(node, 'volume', problems), 'nocopy', false),
      };
    case 'bind': {
      if (source === undefined) throw composeError(node.spot, '`source` is missing: what is mounted');
      const create = flagOf(part(node, 'bind', problems), 'create_host_path', true);
      return { kind: 'bind', at, source: pathOf(source, around), target, readOnly, create };
    }
    case 'tmpfs': {
      const size = childOf(part(node, 'tmpfs', problems), 'size');
      const mode = childOf(part(node, 'tmpfs', problems), 'mode');
      return {
        kind: 'tmpfs',
        at,
        target,
        ...(size === undefined ? {} : { size: bytesOf(size) }),
        ...(mode === undefined ? {} : { mode: modeOf(mode) }),
      };
    }
    case 'npipe':
    case 'cluster':
    case 'image':
      throw composeError(node.spot, `mounts of type ${type === undefined ? '' : textOf(type)} are not supported`, {
        code: 'E_COMPOSE_UNSUPPORTED',
        hint: 'use volume, bind or tmpfs',
      });
    default:
      throw composeError(
        (type ?? node).spot,
        `${JSON.stringify(type === undefined ? '' : textOf(type))} is no type of a mount: volume, bind, tmpfs`,
      );
  }
}

function part(node: MapNode, key: 'volume' | 'bind' | 'tmpfs', problems: Problems): MapNode {
  const value = childOf(node, key);
  if (value === undefined) return { ...node, entries: new Map() };
  const map = asMap(value);
  checkKeys(map, `volume.${key}`, problems);
  return map;
}

export function flagOf(node: MapNode, key: string, fallback: boolean): boolean {
  const value = childOf(node, key);
  return value === undefined ? fallback : truthOf(value);
}

export function targetOf(text: string, spot: Spot): string {
  const target = posix.normalize(text).replace(/(.)\/$/, '$1');
  if (!target.startsWith('/')) throw composeError(spot, `${JSON.stringify(text)} is no absolute path in the container`);
  if (target === '/') throw composeError(spot, 'nothing can be mounted in place of the root of a container');
  return target;
}

/** `tmpfs: /run:size=64m,mode=1777`. */
export function readTmpfs(list: readonly Node[], problems: Problems): readonly ServiceMount[] {
  return list.flatMap((node) => {
    const mount = problems.attempt(() => tmpfsMount(node));
    return mount === undefined ? [] : [mount];
  });
}

function tmpfsMount(node: Node): ServiceMount {
  const text = wordOf(node);
  const cut = text.indexOf(':');
  const options = new Map<string, string>();
  for (const option of cut === -1 ? [] : text.slice(cut + 1).split(',')) {
    const [key = '', value = ''] = option.split('=', 2);
    options.set(key, value);
  }
  const asNode = (value: string): Node => ({ kind: 'scalar', value, text: value, spot: node.spot });
  const size = options.get('size');
  const mode = options.get('mode');
  return {
    kind: 'tmpfs',
    at: lineText(node.spot),
    target: targetOf(cut === -1 ? text : text.slice(0, cut), node.spot),
    ...(size === undefined ? {} : { size: bytesOf(asNode(size)) }),
    ...(mode === undefined ? {} : { mode: modeOf(asNode(mode)) }),
  };
}
