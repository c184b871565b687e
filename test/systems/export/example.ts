import { sha256 } from '../../../src/base/digest.ts';
import type { Project, Service } from '../../../src/formats/compose/types.ts';
import type { ExportInput, ServiceFacts } from '../../../src/systems/export/types.ts';

/** A service that says nothing. */
export function service(name: string, more: Partial<Service> = {}): Service {
  return {
    name,
    at: `compose.yaml:${name}`,
    image: `${name}:latest`,
    environment: {},
    ports: [],
    expose: [],
    networks: [{ name: 'default', aliases: [] }],
    dependsOn: [],
    mounts: [],
    readOnly: true,
    restart: { policy: 'no' },
    stopGraceMs: 10_000,
    replicas: 1,
    capAdd: [],
    capDrop: [],
    extraHosts: [],
    labels: {},
    tty: false,
    limits: {},
    reservations: {},
    profiles: [],
    extensions: {},
    ...more,
  };
}

export function facts(name: string, more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    service: name,
    image: `registry.example.com/team/${name}@${sha256(name)}`,
    config: { User: '1000:1000' },
    ports: [],
    capabilities: [],
    ...more,
  };
}

export function project(services: readonly Service[], more: Partial<Project> = {}): Project {
  return {
    name: 'shop',
    dir: '/srv/shop',
    files: ['/srv/shop/compose.yaml'],
    services,
    networks: [{ name: 'default', internal: false, at: 'compose.yaml:networks' }],
    volumes: [],
    extensions: {},
    ...more,
  };
}

/** All that a project can say, with values that have to be escaped somewhere. */
export function everything(): ExportInput {
  const nasty = 'a "b" \'c\' $HOME ${X} $(Y) %n \\ back\nline: # yes';
  return {
    project: project(
      [
        service('gateway', {
          command: ['node', 'server.js', nasty],
          environment: { PORT: '8080', GREETING: nasty, JWT_SECRET: 's3cr3t-value', YES: 'yes', OCTAL: '0123' },
          ports: [
            { at: 'compose.yaml:9', target: 8080, published: { first: 80, last: 80 }, protocol: 'tcp' },
            {
              at: 'compose.yaml:10',
              target: 9000,
              published: { first: 9000, last: 9000 },
              hostIp: '127.0.0.1',
              protocol: 'tcp',
            },
            { at: 'compose.yaml:11', target: 53, protocol: 'udp' },
          ],
          networks: [
            { name: 'back', aliases: [] },
            { name: 'front', aliases: ['api'] },
          ],
          dependsOn: [
            { service: 'db', condition: 'service_healthy', required: true, restart: false },
            { service: 'migrate', condition: 'service_completed_successfully', required: true, restart: false },
          ],
          healthcheck: {
            disabled: false,
            argv: ['/usr/bin/node', '-e', nasty],
            intervalMs: 1500,
            timeoutMs: 3000,
            retries: 5,
            startPeriodMs: 2000,
          },
          mounts: [
            { kind: 'tmpfs', at: 'compose.yaml:20', target: '/var/cache', size: 1_000_000, mode: 0o1777 },
            {
              kind: 'file',
              at: 'compose.yaml:21',
              of: 'config',
              name: 'routes',
              source: { file: '/srv/shop/routes.json' },
              target: '/etc/gateway.json',
              mode: 0o444,
              uid: 0,
              gid: 0,
            },
            {
              kind: 'file',
              at: 'compose.yaml:22',
              of: 'secret',
              name: 'jwt',
              source: { text: 'inline-secret' },
              target: '/run/secrets/jwt',
              mode: 0o400,
              uid: 0,
              gid: 0,
            },
          ],
          workingDir: '/app',
          hostname: 'gateway.shop',
          restart: { policy: 'always' },
          replicas: 2,
          extraHosts: ['legacy:10.0.0.7'],
          labels: { 'com.example.note': nasty },
          limits: { cpus: 0.5, memory: 100 * 1024 ** 2 },
        }),
        service('db', {
          user: 'postgres',
          environment: { POSTGRES_PASSWORD: 'hunter2-hunter2' },
          networks: [{ name: 'back', aliases: ['database'] }],
          healthcheck: { disabled: false, argv: ['/usr/bin/pg_isready'] },
          mounts: [
            {
              kind: 'volume',
              at: 'compose.yaml:40',
              volume: 'data',
              target: '/var/lib/postgresql',
              readOnly: false,
              noCopy: false,
            },
            {
              kind: 'file',
              at: 'compose.yaml:41',
              of: 'secret',
              name: 'tls',
              source: { file: '/srv/shop/tls.key' },
              target: '/run/secrets/tls',
              mode: 0o400,
              uid: 0,
              gid: 0,
            },
          ],
          readOnly: false,
          restart: { policy: 'on-failure', retries: 3 },
          stopSignal: 'SIGINT',
          stopGraceMs: 90_500,
        }),
        service('migrate', {
          networks: [{ name: 'back', aliases: [] }],
          dependsOn: [{ service: 'db', condition: 'service_healthy', required: false, restart: false }],
          entrypoint: ['/app/migrate'],
        }),
        service('Report_Maker', {
          networks: [],
          entrypoint: [],
          command: ['/app/report'],
          mounts: [
            {
              kind: 'bind',
              at: 'compose.yaml:60',
              source: '/srv/shop/out',
              target: '/out',
              readOnly: false,
              create: true,
            },
            { kind: 'volume', at: 'compose.yaml:61', volume: 'old', target: '/old', readOnly: true, noCopy: true },
          ],
        }),
      ],
      {
        networks: [
          { name: 'back', internal: true, subnet: '10.20.0.0/24', at: 'compose.yaml:70' },
          { name: 'front', internal: false, at: 'compose.yaml:71' },
        ],
        volumes: [
          { name: 'data', external: false, fullName: 'shop_data', at: 'compose.yaml:80' },
          { name: 'old', external: true, fullName: 'old_data', at: 'compose.yaml:81' },
        ],
      },
    ),
    facts: [
      facts('gateway', {
        ports: [{ port: 8080, protocol: 'tcp' }],
        seccomp: '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
        capabilities: ['CAP_NET_BIND_SERVICE'],
        used: { memory: 70_000_000, cpus: 0.034 },
      }),
      facts('db', {
        config: { User: 'root', StopSignal: 'SIGTERM', Volumes: { '/run/postgresql': {} } },
        user: { uid: 100, gid: 102 },
        ports: [{ port: 5432, protocol: 'tcp' }],
      }),
      facts('migrate', { config: { User: 'app' } }),
      withoutCapabilities(facts('Report_Maker', { config: {} })),
    ],
    contents: new Map([['/srv/shop/routes.json', Buffer.from('{"price": "$5"}\n')]]),
  };
}

function withoutCapabilities({ capabilities: _looked, ...rest }: ServiceFacts): ServiceFacts {
  return rest;
}
