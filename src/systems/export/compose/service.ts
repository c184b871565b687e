import { compareBytes } from '../../../base/path.ts';
import type { Project, Restart, Service, ServiceMount, ServicePort } from '../../../formats/compose/types.ts';
import { capabilitiesOf, isMounted, processOf } from '../process.ts';
import type { ServiceFacts, Warn } from '../types.ts';

export interface ComposeServiceInput {
  readonly project: Project;
  readonly service: Service;
  readonly facts: ServiceFacts;
  /** Where a config is mounted from. */
  readonly configFile: (name: string) => string;
  /** Where its profile is, if it has one. */
  readonly seccompFile: string;
  readonly warn: Warn;
}

type Members = Readonly<Record<string, unknown>>;

/** In words of the Compose specification that docker-compose 1.29 has too. Dollars are not escaped yet. */
export function composeService(input: ComposeServiceInput): Members {
  const { facts, service } = input;
  const { command, entrypoint } = processOf(service, facts.config);
  warnOfSharedPorts(input);
  return defined({
    image: facts.image,
    platform: service.platform,
    scale: service.replicas === 1 ? undefined : service.replicas,
    entrypoint,
    command,
    working_dir: service.workingDir,
    hostname: service.hostname,
    environment: full(sorted(service.environment)),
    labels: full(sorted(service.labels)),
    ports: list(service.ports.map(portText)),
    expose: list(service.expose.map(String)),
    extra_hosts: list(service.extraHosts),
    ...networksOf(service),
    ...dependsOf(input),
    ...healthOf(input),
    ...mountsOf(input),
    restart: restartText(service.restart),
    stop_signal: service.stopSignal,
    // Docker takes whole seconds, and docker-compose 1.29 makes a fraction that Docker refuses of anything written in milliseconds.
    stop_grace_period: `${Math.ceil(service.stopGraceMs / 1000)}s`,
    tty: service.tty ? true : undefined,
    ...securityOf(input),
    ...resourcesOf(service),
  });
}

/** Here one port leads to all containers of a service; Docker starts the first of them alone. */
function warnOfSharedPorts({ service, warn }: ComposeServiceInput): void {
  const { name, ports, replicas } = service;
  for (const { at, published } of ports)
    if (replicas > 1 && published !== undefined && published.first === published.last)
      warn(
        at,
        `${name}: Docker Compose cannot start ${replicas} containers on port ${published.first}: publish a range`,
      );
}

function defined(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

const list = <T>(values: readonly T[]): readonly T[] | undefined => (values.length === 0 ? undefined : values);
const sorted = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => compareBytes(a, b)));
const full = (members: Members): Members | undefined => (Object.keys(members).length === 0 ? undefined : members);

/** The long form of 1.29 has no address. */
export function portText({ hostIp, protocol, published, target }: ServicePort): string {
  const range =
    published === undefined
      ? ''
      : published.first === published.last
        ? `${published.first}:`
        : `${published.first}-${published.last}:`;
  const host =
    hostIp === undefined ? '' : `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${range === '' ? ':' : ''}`;
  return `${host}${range}${target}/${protocol}`;
}

function restartText(restart: Restart): string {
  if (restart.policy !== 'on-failure') return restart.policy;
  return restart.retries === undefined ? 'on-failure' : `on-failure:${restart.retries}`;
}

function networksOf({ networks }: Service): Members {
  if (networks.length === 0) return { network_mode: 'none' };
  return {
    networks: Object.fromEntries(
      networks.map(({ aliases, ipv4Address, name }) => [
        name,
        full(defined({ aliases: list(aliases), ipv4_address: ipv4Address })) ?? null,
      ]),
    ),
  };
}

function dependsOf({ service: { at, dependsOn, name }, warn }: ComposeServiceInput): Members {
  if (dependsOn.length === 0) return {};
  for (const { required, service } of dependsOn)
    if (!required)
      warn(at, `${name}: that ${service} may be missing cannot be said to docker-compose 1.29: it has to run`);
  return { depends_on: Object.fromEntries(dependsOn.map(({ condition, service }) => [service, { condition }])) };
}

function healthOf({ service: { at, healthcheck, name }, warn }: ComposeServiceInput): Members {
  if (healthcheck === undefined) return {};
  if (healthcheck.disabled) return { healthcheck: { disable: true } };
  const { argv, intervalMs, retries, startIntervalMs, startPeriodMs, timeoutMs } = healthcheck;
  if (startIntervalMs !== undefined) warn(at, `${name}: docker-compose 1.29 knows no start_interval: it is left out`);
  const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : `${ms}ms`);
  return {
    healthcheck: defined({
      test: argv === undefined ? undefined : ['CMD', ...argv],
      interval: time(intervalMs),
      timeout: time(timeoutMs),
      start_period: time(startPeriodMs),
      retries,
    }),
  };
}

function mountsOf(input: ComposeServiceInput): Members {
  const { configFile, facts, service, warn } = input;
  const volumes: Members[] = [];
  const tmpfs = service.mounts.flatMap((mount) => (mount.kind === 'tmpfs' ? [tmpfsText(mount)] : []));
  if (!isMounted(service, '/tmp') && facts.config.Volumes?.['/tmp'] === undefined) tmpfs.push('/tmp');
  const secrets: Members[] = [];
  for (const mount of service.mounts) {
    if (mount.kind === 'tmpfs') continue;
    if (mount.kind === 'file') {
      if (mount.uid !== 0 || mount.gid !== 0)
        warn(
          mount.at,
          `${service.name}: ${mount.target} belongs to whoever its file does: owners of files cannot be said without a swarm`,
        );
      if (mount.of === 'secret') secrets.push({ source: mount.name, target: mount.target });
      else volumes.push({ type: 'bind', source: configFile(mount.name), target: mount.target, read_only: true });
      continue;
    }
    const access = mount.readOnly ? { read_only: true } : {};
    if (mount.kind === 'bind') {
      warn(mount.at, `${service.name}: ${mount.source} is a folder of this machine, and is mounted from there`);
      volumes.push({ type: 'bind', source: mount.source, target: mount.target, ...access });
      continue;
    }
    const source = mount.volume === undefined ? {} : { source: mount.volume };
    volumes.push({
      type: 'volume',
      ...source,
      target: mount.target,
      ...access,
      ...(mount.noCopy ? { volume: { nocopy: true } } : {}),
    });
  }
  return { volumes: list(volumes), tmpfs: list(tmpfs), secrets: list(secrets) };
}

export function tmpfsText({ mode, size, target }: Extract<ServiceMount, { readonly kind: 'tmpfs' }>): string {
  const options = [
    ...(size === undefined ? [] : [`size=${size}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
  ];
  return options.length === 0 ? target : `${target}:${options.join(',')}`;
}

function securityOf({ facts, seccompFile, service }: ComposeServiceInput): Members {
  const { uid, gid } = facts.user ?? {};
  const user = uid === undefined ? service.user : `${uid}${gid === undefined ? '' : `:${gid}`}`;
  return {
    user,
    read_only: true,
    cap_drop: ['ALL'],
    cap_add: list(capabilitiesOf(service, facts)),
    security_opt: [
      `no-new-privileges:${service.noNewPrivileges !== false}`,
      ...(facts.seccomp === undefined ? [] : [`seccomp=./${seccompFile}`]),
    ],
  };
}

/** Not below `deploy`, which 1.29 takes no notice of. */
function resourcesOf({ limits, reservations }: Service): Members {
  return { mem_limit: limits.memory, cpus: limits.cpus, mem_reservation: reservations.memory };
}
