import { compareBytes } from '../../../base/path.ts';
import type { Project, Service, ServiceMount } from '../../../formats/compose/types.ts';
import { portText, tmpfsText } from '../compose/service.ts';
import { fileName, isJob } from '../material.ts';
import { capabilitiesOf, processOf } from '../process.ts';
import type { ServiceFacts, Warn } from '../types.ts';
import { flagged, literal, option, word, words, type Section } from './unit.ts';

export interface ContainerInput {
  readonly project: Project;
  readonly service: Service;
  readonly facts: ServiceFacts;
  /** The name of a unit of this project without its ending. */
  readonly unitOf: (name: string) => string;
  /** The folder that unit files are in, as systemd says it. */
  readonly folder: string;
  /** Where a config is mounted from, in systemd's words: with specifiers. */
  readonly configFile: (name: string) => string;
  readonly warn: Warn;
}

/** Longest that a start may take, which fetches the image if need be. Seconds. */
const START_SECONDS = 900;
/** More than podman gives the container itself. Seconds. */
const STOP_MARGIN_SECONDS = 5;

export function unitSection({ project, service, unitOf }: ContainerInput): Section {
  const after: Section = service.dependsOn.flatMap(({ required, service: other }) => {
    const unit = `${unitOf(other)}.service`;
    return [[required ? 'Requires' : 'Wants', unit] as const, ['After', unit] as const];
  });
  return [['Description', `${fileName(service.name)} of ${fileName(project.name)}`], ...after];
}

/** The keys of podman 4.4, and of 4.5: Health…, Secret, Tmpfs. What later versions have a key for is a flag in PodmanArgs. */
export function containerSection(input: ContainerInput): Section {
  const { facts, project, service, unitOf } = input;
  const { command, entrypoint } = processOf(service, facts.config);
  const capabilities = capabilitiesOf(service, facts);
  // 5.0; before it, those who depend on it wait until it has been started only.
  const isAwaited = project.services.some(({ dependsOn }) =>
    dependsOn.some((other) => other.service === service.name && other.condition === 'service_healthy'),
  );
  return [
    option('Image', 'image', facts.image),
    ['ContainerName', unitOf(service.name)],
    ...(entrypoint === undefined ? [] : [flagged('entrypoint', JSON.stringify(entrypoint))]),
    ...(command === undefined ? [] : [['Exec', words(command)] as const]),
    ...(service.workingDir === undefined ? [] : [flagged('workdir', service.workingDir)]),
    ...(service.hostname === undefined ? [] : [flagged('hostname', service.hostname)]),
    ...(service.platform === undefined ? [] : [flagged('platform', service.platform)]),
    ...pairs('Environment', service.environment),
    ...pairs('Label', service.labels),
    ...networkLines(input),
    ...service.ports.map((port) => ['PublishPort', portText(port)] as const),
    ...service.extraHosts.map((host) => flagged('add-host', host)),
    ...service.mounts.flatMap((mount) => mountLines(mount, input)),
    ...userLines(service, facts),
    ['ReadOnly', 'true'],
    ['NoNewPrivileges', String(service.noNewPrivileges !== false)],
    ['DropCapability', 'all'],
    ...(capabilities.length === 0
      ? []
      : [['AddCapability', capabilities.map((name) => `CAP_${name}`).join(' ')] as const]),
    ...(facts.seccomp === undefined
      ? []
      : [['SeccompProfile', `${input.folder}/${unitOf(service.name)}.seccomp.json`] as const]),
    ...healthLines(input),
    ...(isAwaited ? [['Notify', 'healthy'] as const] : []),
    ...(service.stopSignal === undefined ? [] : [flagged('stop-signal', service.stopSignal)]),
    flagged('stop-timeout', String(Math.ceil(service.stopGraceMs / 1000))),
    ...(service.tty ? [['PodmanArgs', '--tty'] as const] : []),
    ...(service.limits.memory === undefined ? [] : [flagged('memory', String(service.limits.memory))]),
    ...(service.limits.cpus === undefined ? [] : [flagged('cpus', String(service.limits.cpus))]),
  ];
}

export function serviceSection({ project, service }: ContainerInput): Section {
  const stop: Section = [
    ['TimeoutStartSec', String(START_SECONDS)],
    ['TimeoutStopSec', String(Math.ceil(service.stopGraceMs / 1000) + STOP_MARGIN_SECONDS)],
  ];
  if (isJob(project, service.name)) return [['Type', 'oneshot'], ['RemainAfterExit', 'yes'], ...stop];
  const { policy } = service.restart;
  return [['Restart', policy === 'unless-stopped' ? 'always' : policy], ...stop];
}

function pairs(key: string, values: Readonly<Record<string, string>>): Section {
  return Object.entries(values)
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => [key, word(`${name}=${value}`)]);
}

/** Aliases go with their network; `NetworkAlias` (5.2) is for all at once. */
function networkLines({ service, unitOf }: ContainerInput): Section {
  if (service.networks.length === 0) return [['Network', 'none']];
  return service.networks.map(({ aliases, ipv4Address, name }) => {
    const names = [...new Set([service.name, ...aliases])].map((alias) => `alias=${alias}`);
    const options = [...names, ...(ipv4Address === undefined ? [] : [`ip=${ipv4Address}`])];
    return option('Network', 'network', `${unitOf(name)}.network:${options.join(',')}`);
  });
}

function mountLines(mount: ServiceMount, input: ContainerInput): Section {
  const { project, service, unitOf, warn } = input;
  const access = (isReadOnly: boolean, more: readonly string[] = []): string => {
    const options = [...(isReadOnly ? ['ro'] : []), ...more];
    return options.length === 0 ? '' : `:${options.join(',')}`;
  };
  switch (mount.kind) {
    case 'tmpfs':
      return [option('Tmpfs', 'tmpfs', tmpfsText(mount))];
    case 'bind':
      warn(mount.at, `${service.name}: ${mount.source} is a folder of this machine, and is mounted from there`);
      return [option('Volume', 'volume', `${mount.source}:${mount.target}${access(mount.readOnly)}`)];
    case 'volume': {
      const volume = project.volumes.find(({ name }) => name === mount.volume);
      const source =
        volume === undefined ? '' : volume.external ? `${volume.fullName}:` : `${unitOf(volume.name)}.volume:`;
      return [
        option('Volume', 'volume', `${source}${mount.target}${access(mount.readOnly, mount.noCopy ? ['nocopy'] : [])}`),
      ];
    }
    default: {
      if (mount.of === 'config') {
        const source = input.configFile(mount.name);
        return [option('Volume', 'volume', `${source}:${literal(mount.target)}:ro`, { specifiers: true })];
      }
      const { gid, mode, target, uid } = mount;
      const parts = [
        secretName(project, mount.name),
        'type=mount',
        `target=${target}`,
        `uid=${uid}`,
        `gid=${gid}`,
        `mode=${mode.toString(8).padStart(4, '0')}`,
      ];
      return [['Secret', word(parts.join(','))]];
    }
  }
}

/** As podman knows it. */
export const secretName = ({ name }: Project, secret: string): string => `${name}_${secret}`;

function userLines(service: Service, { user }: ServiceFacts): Section {
  if (user !== undefined)
    return [
      ['User', String(user.uid)],
      ['Group', String(user.gid)],
    ];
  if (service.user === undefined) return [];
  const [name = '', group] = service.user.split(':');
  return [option('User', 'user', name), ...(group === undefined ? [] : [option('Group', 'group', group)])];
}

/** 4.5. A list of words is run as it is; of a single one podman would ask a shell, were it not written as CMD and a word. */
function healthLines({ service: { at, healthcheck, name }, warn }: ContainerInput): Section {
  if (healthcheck === undefined) return [];
  if (healthcheck.disabled) return [['HealthCmd', 'none']];
  const { argv, intervalMs, retries, startIntervalMs, startPeriodMs, timeoutMs } = healthcheck;
  if (startIntervalMs !== undefined) warn(at, `${name}: podman knows no start_interval: it is left out`);
  const time = (key: string, ms: number | undefined): Section => (ms === undefined ? [] : [[key, `${ms}ms`]]);
  const [only = ''] = argv ?? [];
  const isAlone = argv?.length === 1 && !/\s/.test(only);
  return [
    ...(argv === undefined ? [] : [option('HealthCmd', 'health-cmd', isAlone ? `CMD ${only}` : JSON.stringify(argv))]),
    ...time('HealthInterval', intervalMs),
    ...time('HealthTimeout', timeoutMs),
    ...time('HealthStartPeriod', startPeriodMs),
    ...(retries === undefined ? [] : [['HealthRetries', String(retries)] as const]),
  ];
}
