import type { Service } from '../../../formats/compose/types.ts';
import { environmentOf } from '../material.ts';
import { capabilitiesOf, checkOf, processOf, userOf } from '../process.ts';
import { volumesOf } from './mounts.ts';
import { labelName } from './names.ts';
import { containerPorts } from './ports.ts';
import type { Json, WorkloadInput } from './types.ts';

/** Where the kubelet looks for profiles, below its own folder for them. */
export const seccompPath = ({
  names,
  project,
  service,
}: Pick<WorkloadInput, 'names' | 'project' | 'service'>): string =>
  `${labelName(project.name)}/${names.service(service.name)}.json`;

/**
 * The pod of a service, closed as far as is known to be possible. Its check is the readiness probe: as in Compose nobody is restarted for failing it. Nothing waits for other services:
 * a pod that cannot do without them ends, and is started again.
 */
export function podSpec(input: WorkloadInput): Json {
  const { facts, names, service, warn } = input;
  const { command, entrypoint } = processOf(service, facts.config);
  const name = names.service(service.name);
  const { mounts, volumes } = volumesOf(input);
  const { plain, secret } = clusterEnvironment(service);
  const sources = [
    ...(Object.keys(plain).length === 0 ? [] : [{ configMapRef: { name: `env-${name}` } }]),
    ...(Object.keys(secret).length === 0 ? [] : [{ secretRef: { name: `env-${name}` } }]),
  ];
  warnOfRest(input);
  for (const { condition, service: other } of service.dependsOn)
    if (condition !== 'service_started')
      warn(
        service.at,
        `${service.name}: it does not wait until ${other} ${condition === 'service_healthy' ? 'is healthy' : 'is done'}: without it, it has to end, and is started again`,
      );
  const [requests, limits] = [requestsOf(input), resourceList(service.limits)];
  return defined({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostname: hostname(input),
    hostAliases: hostAliases(input),
    nodeSelector: nodeSelector(service.platform),
    terminationGracePeriodSeconds: Math.ceil(service.stopGraceMs / 1000),
    securityContext: podSecurity(input),
    containers: [
      defined({
        name,
        image: facts.image,
        command: entrypoint?.map(unexpanded),
        args: command?.map(unexpanded),
        workingDir: service.workingDir,
        ports: list(containerPorts(input)),
        envFrom: list(sources),
        readinessProbe: probeOf(input),
        resources: requests === undefined && limits === undefined ? undefined : defined({ requests, limits }),
        securityContext: {
          allowPrivilegeEscalation: service.noNewPrivileges === false,
          readOnlyRootFilesystem: true,
          capabilities: defined({ drop: ['ALL'], add: list(capabilitiesOf(service, facts)) }),
        },
        tty: service.tty ? true : undefined,
        volumeMounts: list(mounts),
      }),
    ],
    volumes: list(volumes),
  });
}

/** Of a ConfigMap, and so of the variables that come from one. */
const KEY = /^[\w.-]{1,253}$/;

/** `left`: names that cannot be. */
export function clusterEnvironment(
  service: Service,
): ReturnType<typeof environmentOf> & { readonly left: readonly string[] } {
  const { plain, secret } = environmentOf(service);
  const fitting = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(values).filter(([name]) => KEY.test(name)));
  return {
    plain: fitting(plain),
    secret: fitting(secret),
    left: Object.keys({ ...plain, ...secret }).filter((name) => !KEY.test(name)),
  };
}

export function defined(members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

export const list = <T>(values: readonly T[]): readonly T[] | undefined => (values.length === 0 ? undefined : values);

/** The kubelet puts variables in the place of `$(NAME)`. */
const unexpanded = (text: string): string => text.replaceAll('$(', '$$$$(');

/** Of machines, in a cluster (RFC 1123, section 2.1). Container engines take others too. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

const noName = (text: string): string => `${text} cannot be the name of a machine in a cluster, and is left out`;

function hostname({ service: { at, hostname: text, name }, warn }: WorkloadInput): string | undefined {
  const label = text?.split('.')[0]?.toLowerCase();
  if (label === undefined || LABEL.test(label)) return label;
  warn(at, `${name}: ${noName(text ?? label)}`);
  return undefined;
}

const ARCHITECTURE = /^linux\/([a-z0-9]+)/;

function nodeSelector(platform: string | undefined): Json | undefined {
  const architecture = ARCHITECTURE.exec(platform ?? '')?.[1];
  return architecture === undefined ? undefined : { 'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux' };
}

function hostAliases({ service, warn }: WorkloadInput): readonly Json[] | undefined {
  const byAddress = new Map<string, string[]>();
  for (const line of service.extraHosts) {
    const cut = line.indexOf(':');
    const [host, address] = [line.slice(0, cut).toLowerCase(), line.slice(cut + 1)];
    if (!/^[0-9a-f.:]+$/i.test(address)) {
      warn(service.at, `${service.name}: ${host} cannot be ${address}, which is no address`);
      continue;
    }
    if (!host.split('.').every((label) => LABEL.test(label))) {
      warn(service.at, `${service.name}: ${noName(host)}`);
      continue;
    }
    const known = byAddress.get(address);
    if (known === undefined) byAddress.set(address, [host]);
    else known.push(host);
  }
  return list([...byAddress].map(([ip, hostnames]) => ({ ip, hostnames })));
}

/** The kubelet refuses a user that it cannot tell from root, and knows no names of the image's users. */
function podSecurity(input: WorkloadInput): Json {
  const { facts, service, warn } = input;
  const user = userOf(service, facts);
  if (user === undefined)
    warn(
      service.at,
      `${service.name}: the number of its user ${JSON.stringify(service.user ?? facts.config.User ?? '')} is not known, so that the cluster cannot tell that it is not root`,
    );
  if (user?.uid === 0) warn(service.at, `${service.name}: it runs as root`);
  // Its group may write to volumes then, and read what is not for everybody.
  const needsGroup = service.mounts.some(
    (mount) => mount.kind === 'volume' || (mount.kind === 'file' && (mount.mode & OTHERS_READ) === 0),
  );
  return defined({
    runAsNonRoot: user === undefined || user.uid === 0 ? undefined : true,
    runAsUser: user?.uid,
    runAsGroup: user?.gid,
    fsGroup: needsGroup && user?.gid !== undefined && user.uid !== 0 ? user.gid : undefined,
    seccompProfile:
      facts.seccomp === undefined
        ? { type: 'RuntimeDefault' }
        : { type: 'Localhost', localhostProfile: seccompPath(input) },
  });
}

function probeOf({ facts, service }: WorkloadInput): Json | undefined {
  const check = checkOf(service, facts.config);
  if (check === undefined) return undefined;
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  return {
    exec: { command: check.argv.map(unexpanded) },
    periodSeconds: seconds(check.intervalMs),
    timeoutSeconds: seconds(check.timeoutMs),
    failureThreshold: Math.max(1, check.retries),
  };
}

const MIB = 1024 ** 2;
/** What is asked for at the least: bytes, and thousandths of a processor. */
const LEAST = { memory: 4 * MIB, millicpus: 10 };

interface Amount {
  readonly cpus?: number;
  readonly memory?: number;
}

function resourceList({ cpus, memory }: Amount): Json | undefined {
  if (cpus === undefined && memory === undefined) return undefined;
  return defined({
    cpu: cpus === undefined ? undefined : `${Math.max(1, Math.ceil(cpus * 1000))}m`,
    memory: memory === undefined ? undefined : `${Math.max(1, Math.ceil(memory / MIB))}Mi`,
  });
}

/** What was measured, else what the project reserves; never more than its limits, which a cluster would refuse. */
function requestsOf({ facts: { used }, service: { limits, reservations } }: WorkloadInput): Json | undefined {
  const cpus = used === undefined ? reservations.cpus : Math.max(used.cpus, LEAST.millicpus / 1000);
  const memory = used === undefined ? reservations.memory : Math.max(used.memory, LEAST.memory);
  return resourceList({
    ...(cpus === undefined ? {} : { cpus: Math.min(cpus, limits.cpus ?? cpus) }),
    ...(memory === undefined ? {} : { memory: Math.min(memory, limits.memory ?? memory) }),
  });
}

function warnOfRest({ facts, service, warn }: WorkloadInput): void {
  const { at, labels, name, stopSignal } = service;
  const imageSignal = facts.config.StopSignal ?? 'SIGTERM';
  if (stopSignal !== undefined && signalName(stopSignal) !== signalName(imageSignal))
    warn(at, `${name}: it is stopped by the ${imageSignal} of its image, not by ${stopSignal}`);
  if (Object.keys(labels).length > 0) warn(at, `${name}: its labels are left out: they mean nothing to a cluster`);
  if (service.networks.some(({ ipv4Address }) => ipv4Address !== undefined))
    warn(at, `${name}: addresses of pods cannot be chosen`);
}

const OTHERS_READ = 0o004;

const signalName = (signal: Service['stopSignal'] = ''): string => signal.toUpperCase().replace(/^SIG/, '');
