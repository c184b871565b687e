import type { Service } from '../../../formats/compose/types.ts';
import type { ServiceFacts } from '../types.ts';
import { metadata, networkPeers, selectorOf, type Json, type WorkloadInput } from './types.ts';

export interface Port {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

const portName = ({ port, protocol }: Port): string => `${protocol}-${port}`;
const PROTOCOLS = { tcp: 'TCP', udp: 'UDP' } as const;

/** All that are known: published, exposed, seen. By number. */
export function portsOf({ expose, ports }: Service, facts: ServiceFacts): readonly Port[] {
  const all: readonly Port[] = [
    ...ports.map(({ protocol, target }) => ({ port: target, protocol })),
    ...expose.map((port) => ({ port, protocol: 'tcp' as const })),
    ...facts.ports,
  ];
  return [
    ...new Map(all.map(({ port, protocol }) => [portName({ port, protocol }), { port, protocol }])).values(),
  ].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

export function containerPorts(input: WorkloadInput): readonly Json[] {
  return portsOf(input.service, input.facts).map((port) => ({
    name: portName(port),
    containerPort: port.port,
    protocol: PROTOCOLS[port.protocol],
  }));
}

const LOOPBACK = /^(?:127\.|::1$)/;

/** Ports that are meant for the world outside of the project. */
export function publishedPorts({ ports }: Service): Service['ports'] {
  return ports.filter(({ hostIp }) => hostIp === undefined || !LOOPBACK.test(hostIp));
}

/**
 * One Service of the service's own name for the others; headless when no port is known, so that the name still leads to the pods. Aliases are Services too.
 * Published ports: a LoadBalancer where the project says which port, a NodePort where any will do. What is published to this machine alone is not.
 */
export function serviceDocuments(input: WorkloadInput): readonly Json[] {
  const { names, service } = input;
  const name = names.service(service.name);
  const ports = portsOf(service, input.facts).map((port) => ({
    name: portName(port),
    port: port.port,
    targetPort: port.port,
    protocol: PROTOCOLS[port.protocol],
  }));
  const spec = ports.length === 0 ? { clusterIP: 'None' } : { type: 'ClusterIP', ports };
  return [
    ...[name, ...aliasesOf(input)].map((each) => document(each, spec, input)),
    ...publishedDocuments(name, input),
  ];
}

function aliasesOf({ names, project, service, warn }: WorkloadInput): readonly string[] {
  if (names.service(service.name) !== service.name)
    warn(
      service.at,
      `${service.name}: it is ${names.service(service.name)} in the cluster, where names are lower-case letters, digits and dashes`,
    );
  const aliases = [...new Set(service.networks.flatMap((network) => network.aliases))].filter(
    (alias) => alias !== service.name,
  );
  return aliases.filter((alias) => {
    const isFree = !project.services.some(
      (other) =>
        names.service(other.name) === alias ||
        (other !== service && other.networks.some((network) => network.aliases.includes(alias))),
    );
    const isName = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(alias);
    if (!isName || !isFree)
      warn(
        service.at,
        `${service.name}: it cannot be called ${JSON.stringify(alias)} in the cluster${isName ? ', where another service has this name' : ''}`,
      );
    return isName && isFree;
  });
}

function publishedDocuments(name: string, input: WorkloadInput): readonly Json[] {
  const { names, service, warn } = input;
  for (const { at, hostIp, target } of service.ports)
    if (hostIp !== undefined && LOOPBACK.test(hostIp))
      warn(
        at,
        `${service.name}: port ${target} is published to one machine, so not here: kubectl port-forward service/${name} ${target}`,
      );
  const published = publishedPorts(service);
  const some = (fixed: boolean): readonly Json[] =>
    published
      .filter((port) => (port.published !== undefined) === fixed)
      .map(({ at, protocol, published: range, target }) => {
        if (range !== undefined && range.first !== range.last)
          warn(
            at,
            `${service.name}: of ${range.first}-${range.last} only ${range.first} is published, for all of its pods`,
          );
        return {
          name: portName({ port: range?.first ?? target, protocol }),
          port: range?.first ?? target,
          targetPort: target,
          protocol: PROTOCOLS[protocol],
        };
      });
  return [
    ...(some(true).length === 0
      ? []
      : [document(names.service(`${name} public`), { type: 'LoadBalancer', ports: unique(some(true)) }, input)]),
    ...(some(false).length === 0
      ? []
      : [document(names.service(`${name} node`), { type: 'NodePort', ports: unique(some(false)) }, input)]),
  ];
}

const unique = (ports: readonly Json[]): readonly Json[] => [
  ...new Map(ports.map((port) => [port['name'], port])).values(),
];

function document(name: string, spec: Json, input: WorkloadInput): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, input),
    spec: { ...spec, selector: selectorOf(input) },
  };
}

/**
 * Who may speak with the pods of a service: those of its networks, and anybody with its published ports. When all of its networks are internal it speaks with nobody
 * else either, but with the cluster's name service.
 */
export function policyDocument(input: WorkloadInput): Json {
  const { project, service } = input;
  const peers = service.networks.map(({ name }) => networkPeers(input, name));
  const open = publishedPorts(service).map(({ protocol, target }) => ({ port: target, protocol: PROTOCOLS[protocol] }));
  const isInternal = service.networks.every(
    ({ name }) => project.networks.find((network) => network.name === name)?.internal === true,
  );
  const names = {
    to: [{ namespaceSelector: {} }],
    ports: [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ],
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(input.names.service(service.name), input),
    spec: {
      podSelector: { matchLabels: selectorOf(input) },
      policyTypes: isInternal ? ['Ingress', 'Egress'] : ['Ingress'],
      ingress: [...(peers.length === 0 ? [] : [{ from: peers }]), ...(open.length === 0 ? [] : [{ ports: open }])],
      ...(isInternal ? { egress: peers.length === 0 ? [] : [{ to: peers }, names] } : {}),
    },
  };
}
