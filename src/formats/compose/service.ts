import { splitCommand } from '../../base/split-command.ts';
import { readBuild } from './build.ts';
import { checkKeys, extensionsOf } from './check-keys.ts';
import { readDependencies } from './dependencies.ts';
import { readDeployment, restartOf } from './deploy.ts';
import type { Draft, EnvFile } from './draft.ts';
import { readBuildSecrets, readGrants } from './grants.ts';
import { readHealthcheck } from './healthcheck.ts';
import {
  asMap,
  childOf,
  composeError,
  isNull,
  lineText,
  mapNode,
  type Entry,
  type MapNode,
  type Node,
} from './node.ts';
import { pathOf, type Surroundings } from './paths.ts';
import { readExpose, readPorts } from './ports.ts';
import { readAddedCapabilities, readCapabilities, readNoNewPrivileges } from './privileges.ts';
import type { Problems } from './problems.ts';
import { durationOf, labelsOf, listOf, pairsOf, textOf, textsOf, truthOf, wordOf } from './scalars.ts';
import { readServiceNetworks } from './service-networks.ts';
import type { Restart } from './types.ts';
import { flagOf, readTmpfs, readVolumes } from './volumes.ts';

const DEFAULT_STOP_GRACE_MS = 10_000;
const NO_RESTART: Restart = { policy: 'no' };

/** One entry of `services:`, merged and with its variables filled in. Each attribute that is wrong is a problem of its own. */
export function readService(name: string, entry: Entry, around: Surroundings, problems: Problems): Draft {
  const node = isNull(entry.value) ? mapNode(new Map(), entry.value.spot) : asMap(entry.value);
  checkKeys(node, 'service', problems);
  const read = reader(node, problems);
  const build = read('build', (value) => ({
    build: readBuild(value, around, problems),
    secrets: readBuildSecrets(childOf(asMap(value), 'secrets'), problems),
  }));
  const image = read('image', wordOf);
  if (image === undefined && childOf(node, 'build') === undefined && childOf(node, 'image') === undefined)
    problems.attempt(() => {
      throw composeError(entry.key, 'neither `image` nor `build` says what runs', {
        hint: 'add `image: NAME` or `build: FOLDER`',
      });
    });
  const deployment = problems.attempt(() => readDeployment(node, problems)) ?? { limits: {}, reservations: {} };
  const { networks, mentions } = problems.attempt(() => readServiceNetworks(node, problems)) ?? {
    networks: [],
    mentions: [],
  };
  const links = read('links', readLinks) ?? [];
  const dependsOn = read('depends_on', (value) => readDependencies(asMap(value), problems));
  const volumes = read('volumes', (value) => readVolumes(listOf(value), around, problems)) ?? [];
  const healthcheck = read('healthcheck', (value) => readHealthcheck(value, problems));
  const labels = read('labels', labelsOf) ?? {};
  return {
    spot: entry.key,
    service: {
      name,
      at: lineText(entry.key),
      ...optional('image', image),
      ...optional('platform', read('platform', wordOf)),
      ...optional('command', read('command', wordsOf)),
      ...optional('entrypoint', read('entrypoint', wordsOf)),
      ports: read('ports', (value) => readPorts(listOf(value), problems)) ?? [],
      expose: read('expose', (value) => readExpose(listOf(value), problems)) ?? [],
      networks,
      dependsOn: dependsOn?.dependencies ?? [],
      ...optional('healthcheck', healthcheck),
      mounts: [...volumes, ...(read('tmpfs', (value) => readTmpfs(listOf(value), problems)) ?? [])],
      ...optional('user', read('user', wordOf)),
      ...optional('workingDir', read('working_dir', folderOf)),
      ...optional('hostname', read('hostname', hostnameOf)),
      readOnly: read('read_only', truthOf) ?? false,
      restart: deployment.restart ?? read('restart', restartOf) ?? NO_RESTART,
      ...optional('stopSignal', read('stop_signal', signalOf)),
      stopGraceMs: read('stop_grace_period', durationOf) ?? DEFAULT_STOP_GRACE_MS,
      replicas: deployment.replicas ?? 1,
      capAdd: read('cap_add', (value) => readAddedCapabilities(value, problems)) ?? [],
      capDrop: read('cap_drop', readCapabilities) ?? [],
      ...optional(
        'noNewPrivileges',
        read('security_opt', (value) => readNoNewPrivileges(value, problems)),
      ),
      extraHosts: read('extra_hosts', hostsOf) ?? [],
      labels,
      tty: read('tty', truthOf) ?? false,
      limits: deployment.limits,
      reservations: deployment.reservations,
      profiles: read('profiles', textsOf) ?? [],
      extensions: extensionsOf(node),
    },
    ...(build === undefined ? {} : { build: build.build }),
    environment: read('environment', pairsOf) ?? new Map(),
    envFiles: read('env_file', (value) => readEnvFiles(value, around, problems)) ?? [],
    grants: [
      ...(read('configs', (value) => readGrants(value, 'config', problems)) ?? []),
      ...(read('secrets', (value) => readGrants(value, 'secret', problems)) ?? []),
    ],
    buildSecrets: build?.secrets ?? [],
    mentions: [...mentions, ...(dependsOn?.mentions ?? []), ...volumeMentions(node)],
    links,
  };
}

type Read = <T>(key: string, read: (node: Node) => T) => T | undefined;

const reader =
  (node: MapNode, problems: Problems): Read =>
  (key, read) => {
    const value = childOf(node, key);
    return value === undefined ? undefined : problems.attempt(() => read(value));
  };

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

/** A list as it is, a text by the words of a shell; empty: none at all. */
function wordsOf(node: Node): readonly string[] {
  if (node.kind === 'list') return node.items.map(textOf);
  const words = splitCommand(textOf(node));
  if (words === undefined) throw composeError(node.spot, 'a quote is not closed');
  return words;
}

function folderOf(node: Node): string {
  const text = wordOf(node);
  if (text.startsWith('/')) return text;
  throw composeError(node.spot, `${JSON.stringify(text)} is no absolute path in the container`);
}

function hostnameOf(node: Node): string {
  const text = wordOf(node);
  if (/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62})$/.test(text)) return text;
  throw composeError(node.spot, `${JSON.stringify(text)} is no host name`);
}

function signalOf(node: Node): string {
  const text = wordOf(node);
  if (/^(?:\d{1,2}|[A-Za-z][A-Za-z0-9+-]{1,15})$/.test(text)) return text;
  throw composeError(node.spot, `${JSON.stringify(text)} is no signal`, { hint: 'write it as SIGTERM or 15' });
}

function hostsOf(node: Node): readonly string[] {
  return [...asMap(node).entries].flatMap(([host, { value }]) => {
    if (!/^[A-Za-z0-9_.-]{1,253}$/.test(host))
      throw composeError(value.spot, `${JSON.stringify(host)} is no host name`);
    return listOf(value).map((address) => `${host}:${wordOf(address)}`);
  });
}

function readLinks(node: Node): Draft['links'] {
  return listOf(node).map((item) => {
    const [service = '', alias] = wordOf(item).split(':', 2);
    return { service, alias: alias ?? service, spot: item.spot };
  });
}

function readEnvFiles(node: Node, around: Surroundings, problems: Problems): readonly EnvFile[] {
  return listOf(node.kind === 'map' ? { kind: 'list', items: [node], spot: node.spot } : node).map((item) => {
    if (item.kind === 'scalar') return { path: pathOf(item, around), required: true, raw: false, spot: item.spot };
    const map = asMap(item);
    checkKeys(map, 'env_file', problems);
    const path = childOf(map, 'path');
    const format = childOf(map, 'format');
    if (path === undefined) throw composeError(item.spot, '`path` is missing');
    if (format !== undefined && textOf(format) !== 'raw')
      throw composeError(format.spot, `${JSON.stringify(textOf(format))} is no format: raw, or leave it out`);
    return {
      path: pathOf(path, around),
      required: flagOf(map, 'required', true),
      raw: format !== undefined,
      spot: path.spot,
    };
  });
}

/** The names of volumes as their places know them. */
function volumeMentions(service: MapNode): Draft['mentions'] {
  const node = childOf(service, 'volumes');
  if (node?.kind !== 'list') return [];
  return node.items.flatMap((item) => {
    if (item.kind === 'map') {
      const type = childOf(item, 'type');
      const source = childOf(item, 'source');
      const isVolume = type === undefined || (type.kind === 'scalar' && type.text === 'volume');
      return isVolume && source?.kind === 'scalar'
        ? [{ kind: 'volume' as const, name: source.text, spot: source.spot }]
        : [];
    }
    const [source = '', target] = item.kind === 'scalar' ? item.text.split(':') : [];
    return target === undefined || /^[./~]/.test(source)
      ? []
      : [{ kind: 'volume' as const, name: source, spot: item.spot }];
  });
}
