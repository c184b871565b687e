import fc from 'fast-check';
import * as apps from 'kubernetes-models/apps/v1';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as core from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Project, Service } from '../../../src/formats/compose/types.ts';
import { exportSystem } from '../../../src/systems/export/index.ts';
import { createNames, labelName } from '../../../src/systems/export/kubernetes/names.ts';
import type { Exported, ServiceFacts } from '../../../src/systems/export/types.ts';
import { everything, facts, project, service } from './example.ts';

/** As far as the tests look at it. */
interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

interface Pod {
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext: unknown;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

type Model = new (value: never) => { validate: () => unknown };
const MODELS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'apps/v1': apps,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  v1: core,
};

const exported = (
  services: readonly Service[],
  known: readonly ServiceFacts[],
  more: Partial<Project> = {},
): Exported => exportSystem({ format: 'kubernetes', project: project(services, more), facts: known });

/** All documents, each valid by the schema of its kind, and no two of one kind with one name. */
function documentsOf({ files }: Exported): readonly Document[] {
  const documents = files
    .filter(({ path }) => path.endsWith('.yaml'))
    .flatMap(({ text }) =>
      parseAllDocuments(text).map((document) => {
        if (document === null || document.errors.length > 0) throw new Error(`no YAML: ${text}`);
        return document.toJS() as Document;
      }),
    );
  for (const document of documents) {
    const model = MODELS[document.apiVersion]?.[document.kind] as Model | undefined;
    if (model === undefined) throw new Error(`no schema of ${document.apiVersion} ${document.kind}`);
    expect(() => new model(document as never).validate(), JSON.stringify(document)).not.toThrow();
  }
  const names = documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
  return documents;
}

function only(result: Exported, kind: string, name: string): Document {
  const found = documentsOf(result).find((document) => document.kind === kind && document.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

const podOf = ({ spec }: Document): Pod => (spec['template'] as { readonly spec: Pod }).spec;
const messages = ({ warnings }: Exported): string => warnings.map(({ at, message }) => `${at}: ${message}`).join('\n');

describe('export to Kubernetes', () => {
  const result = exportSystem({ format: 'kubernetes', ...everything() });

  it('has a valid document for everything', () => {
    expect(documentsOf(result).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ConfigMap config-routes',
      'Secret secret-jwt',
      'Secret env-db',
      'Service db',
      'Service database',
      'StatefulSet db',
      'NetworkPolicy db',
      'ConfigMap env-gateway',
      'Secret env-gateway',
      'Service gateway',
      'Service api',
      'Service gateway-public',
      'Service gateway-node',
      'Deployment gateway',
      'NetworkPolicy gateway',
      'Job migrate',
      'NetworkPolicy migrate',
      'Service report-maker',
      'Deployment report-maker',
      'NetworkPolicy report-maker',
    ]);
  });

  it('is closed as far as is known', () => {
    const pod = podOf(only(result, 'Deployment', 'gateway'));
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'Localhost', localhostProfile: 'shop/gateway.json' },
    });
    expect(pod.containers[0]).toMatchObject({
      image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/) as string,
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      },
      resources: { requests: { cpu: '34m', memory: '67Mi' }, limits: { cpu: '500m', memory: '100Mi' } },
      readinessProbe: { periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 5 },
    });
    expect(result.files.map(({ path }) => path)).toContain('seccomp/shop/gateway.json');
    expect(podOf(only(result, 'Job', 'migrate')).securityContext).toEqual({
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('expands nothing of what it is told', () => {
    const [container] = podOf(only(result, 'Deployment', 'gateway')).containers;
    expect(container?.['args']).toContain('a "b" \'c\' $HOME ${X} $$(Y) %n \\ back\nline: # yes');
    expect(only(result, 'ConfigMap', 'env-gateway').data?.['GREETING']).toBe(
      'a "b" \'c\' $HOME ${X} $(Y) %n \\ back\nline: # yes',
    );
  });

  it('keeps secrets in Secrets, of which the files are marked, and reads no file of one', () => {
    for (const { path, secret, text } of result.files) {
      const holds = /s3cr3t-value|hunter2|inline-secret/.test(text);
      expect([path, secret === true]).toEqual([path, holds]);
    }
    for (const { data, kind } of documentsOf(result))
      if (kind === 'ConfigMap') expect(JSON.stringify(data)).not.toMatch(/s3cr3t|hunter2/);
    expect(messages(result)).toMatch(
      'compose.yaml:41: the secret tls is not copied: kubectl create secret generic secret-tls',
    );
    expect(messages(result)).not.toMatch(/s3cr3t-value|hunter2|inline-secret/);
  });

  it('lets in who shares a network, and anybody to what is published', () => {
    expect(only(result, 'NetworkPolicy', 'gateway').spec['ingress']).toEqual([
      {
        from: ['back', 'front'].map((name) => ({
          podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'shop', [`network.tare/${name}`]: 'true' } },
        })),
      },
      {
        ports: [
          { port: 8080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    ]);
    expect(only(result, 'NetworkPolicy', 'db').spec['policyTypes']).toEqual(['Ingress', 'Egress']);
    expect(only(result, 'NetworkPolicy', 'report-maker').spec).toMatchObject({ ingress: [], egress: [] });
  });

  it('says with the place what a cluster cannot', () => {
    expect(result.warnings.map(({ at, message }) => `${at} ${message}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^compose\.yaml:10 .*port-forward service\/gateway 9000$/),
        expect.stringMatching(/^compose\.yaml:60 .*\/srv\/shop\/out is a folder of one machine, and is left out/),
        expect.stringMatching(/^compose\.yaml:40 .*1Gi is claimed/),
        expect.stringMatching(/^compose\.yaml:81 .*the claim old-data$/),
        expect.stringMatching(/^compose\.yaml:db .*stopped by the SIGTERM of its image, not by SIGINT$/),
        expect.stringMatching(/^compose\.yaml:migrate .*user "app" is not known/),
        expect.stringMatching(/^compose\.yaml:Report_Maker .*it runs as root$/),
        expect.stringMatching(/^compose\.yaml:gateway .*does not wait until migrate is done/),
      ]) as string[],
    );
  });

  it('has volumes of its own for each pod, and claims for what services share', () => {
    const mount = {
      kind: 'volume',
      at: 'x:1',
      volume: 'data',
      target: '/data',
      readOnly: false,
      noCopy: true,
    } as const;
    const volumes = { volumes: [{ name: 'data', external: false, fullName: 'shop_data', at: 'x:9' }] };
    const own = exported([service('a', { mounts: [mount], replicas: 3 })], [facts('a')], volumes);
    expect(only(own, 'StatefulSet', 'a').spec).toMatchObject({
      serviceName: 'a',
      volumeClaimTemplates: [{ metadata: { name: 'volume-data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
    });
    expect(messages(own)).toMatch('each of its 3 pods has a volume data of its own');
    const two = exported(
      [service('a', { mounts: [mount] }), service('b', { mounts: [mount] })],
      [facts('a'), facts('b')],
      volumes,
    );
    expect(only(two, 'PersistentVolumeClaim', 'volume-data').spec['accessModes']).toEqual(['ReadWriteMany']);
    expect(podOf(only(two, 'Deployment', 'b')).volumes?.[0]).toEqual({
      name: 'volume-data',
      persistentVolumeClaim: { claimName: 'volume-data' },
    });
  });

  it.each([
    { published: { first: 80, last: 80 }, hostIp: undefined, kinds: ['ClusterIP', 'LoadBalancer'] },
    { published: undefined, hostIp: undefined, kinds: ['ClusterIP', 'NodePort'] },
    { published: { first: 80, last: 80 }, hostIp: '127.0.0.1', kinds: ['ClusterIP'] },
    { published: { first: 80, last: 80 }, hostIp: '::1', kinds: ['ClusterIP'] },
    { published: { first: 80, last: 82 }, hostIp: '0.0.0.0', kinds: ['ClusterIP', 'LoadBalancer'] },
  ])('publishes $published at $hostIp as $kinds', ({ hostIp, kinds, published }) => {
    const port = {
      at: 'x:1',
      target: 8080,
      protocol: 'tcp',
      ...(published === undefined ? {} : { published }),
      ...(hostIp === undefined ? {} : { hostIp }),
    } as const;
    const one = exported([service('a', { ports: [port] })], [facts('a')]);
    expect(
      documentsOf(one)
        .filter(({ kind }) => kind === 'Service')
        .map(({ spec }) => spec['type']),
    ).toEqual(kinds);
  });

  it.each([
    { user: undefined, image: '', known: undefined, expected: { runAsUser: 0, runAsGroup: 0 } },
    {
      user: undefined,
      image: '10:20',
      known: undefined,
      expected: { runAsNonRoot: true, runAsUser: 10, runAsGroup: 20 },
    },
    { user: '30', image: 'node', known: undefined, expected: { runAsNonRoot: true, runAsUser: 30 } },
    {
      user: 'node',
      image: '',
      known: { uid: 5, gid: 6 },
      expected: { runAsNonRoot: true, runAsUser: 5, runAsGroup: 6 },
    },
    { user: 'node', image: '', known: undefined, expected: {} },
  ])('runs $user of an image of "$image" ($known) as $expected', ({ expected, image, known, user }) => {
    const one = exported(
      [service('a', user === undefined ? {} : { user })],
      [facts('a', { config: { User: image }, ...(known === undefined ? {} : { user: known }) })],
    );
    expect(podOf(only(one, 'Deployment', 'a')).securityContext).toEqual({
      ...expected,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it.each([
    { entrypoint: undefined, command: undefined, expected: {} },
    { entrypoint: null, command: ['x'], expected: { args: ['x'] } },
    { entrypoint: ['e'], command: undefined, expected: { command: ['e'] } },
    { entrypoint: ['e'], command: ['x'], expected: { command: ['e'], args: ['x'] } },
    { entrypoint: [], command: ['x'], expected: { command: ['x'] } },
    { entrypoint: [], command: undefined, expected: { command: ['image-cmd'] } },
    { entrypoint: undefined, command: [], expected: { command: ['image-entry'] } },
  ])('starts entry point $entrypoint and command $command as $expected', ({ command, entrypoint, expected }) => {
    const own = { ...(command === undefined ? {} : { command }), ...(entrypoint === undefined ? {} : { entrypoint }) };
    const config = { Entrypoint: ['image-entry'], Cmd: ['image-cmd'], User: '1' };
    const [container] = podOf(
      only(exported([service('a', own)], [facts('a', { config })]), 'Deployment', 'a'),
    ).containers;
    expect({ command: container?.['command'], args: container?.['args'] }).toEqual({
      command: undefined,
      args: undefined,
      ...expected,
    });
  });

  it('has a folder for each that the image says is written to, however alike their names are', () => {
    const known = facts('a', { config: { Volumes: { '/data/a': {}, '/data-a': {} } } });
    const { containers, volumes } = podOf(only(exported([service('a')], [known]), 'Deployment', 'a'));
    expect(containers[0]?.['volumeMounts']).toEqual([
      { name: 'image-data-a', mountPath: '/data-a' },
      { name: 'image-data-a-2', mountPath: '/data/a' },
      { name: 'tmp', mountPath: '/tmp' },
    ]);
    expect(volumes?.map(({ name }) => name)).toEqual(['image-data-a', 'image-data-a-2', 'tmp']);
  });

  it.each<[hostname: string, expected: string | undefined]>([
    ['Gateway.shop', 'gateway'],
    ['my_host', undefined],
    ['host-', undefined],
  ])('calls the pod %j %j', (hostname, expected) => {
    const result = exported([service('a', { hostname, extraHosts: ['my_db:10.0.0.7', 'Db:10.0.0.7'] })], [facts('a')]);
    const pod = podOf(only(result, 'Deployment', 'a')) as unknown as Readonly<Record<string, unknown>>;
    expect(pod['hostname']).toBe(expected);
    expect(pod['hostAliases']).toEqual([{ ip: '10.0.0.7', hostnames: ['db'] }]);
    expect(messages(result)).toContain('my_db cannot be the name of a machine in a cluster');
    if (expected === undefined) expect(messages(result)).toContain(`${hostname} cannot be the name`);
  });

  it('asks the image how it is, where the project does not', () => {
    const config = { User: '1', Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 5_000_000_000 } };
    const probe = (more: Partial<Service>): unknown =>
      podOf(only(exported([service('a', more)], [facts('a', { config })]), 'Deployment', 'a')).containers[0]?.[
        'readinessProbe'
      ];
    expect(probe({})).toEqual({
      exec: { command: ['/bin/sh', '-c', 'curl -f x'] },
      periodSeconds: 5,
      timeoutSeconds: 30,
      failureThreshold: 3,
    });
    expect(probe({ healthcheck: { disabled: true } })).toBeUndefined();
    expect(probe({ healthcheck: { disabled: false, retries: 9 } })).toMatchObject({
      failureThreshold: 9,
      periodSeconds: 5,
    });
  });

  it('never asks for more than the limit', () => {
    const one = exported(
      [service('a', { limits: { cpus: 0.1, memory: 10 * 1024 ** 2 } })],
      [facts('a', { used: { cpus: 2, memory: 10 ** 9 } })],
    );
    expect(podOf(only(one, 'Deployment', 'a')).containers[0]?.['resources']).toEqual({
      requests: { cpu: '100m', memory: '10Mi' },
      limits: { cpu: '100m', memory: '10Mi' },
    });
  });

  it('has names that a cluster takes, and no two of one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 8 }), (texts) => {
        const nameOf = createNames();
        const names = texts.map(nameOf);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/);
        expect(texts.map(nameOf)).toEqual(names);
      }),
    );
    expect(['Report_Maker', '9lives', '--', 'a'].map(labelName)).toEqual(['report-maker', 'x-9lives', 'x', 'a']);
    const clash = exported(
      ['a-b', 'a_b', 'web', 'web-public'].map((name) =>
        service(name, { ports: [{ at: 'x', target: 1, published: { first: 1, last: 1 }, protocol: 'tcp' }] }),
      ),
      ['a-b', 'a_b', 'web', 'web-public'].map((name) => facts(name)),
    );
    expect(
      documentsOf(clash)
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name),
    ).toEqual(['a-b-2', 'a-b', 'web-public', 'web']);
  });

  it('is valid whatever words it is given', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', "'", '\n', '\r', '\t', ':', '#', '$', '(', '\\', ' ', '-', '|', '>', '0', 'e', '.', 'é'),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[A-Z_]{1,5}$/), text, { maxKeys: 4 }),
        fc.array(text, { minLength: 1, maxLength: 3 }),
        (environment, command) => {
          const one = exported([service('a', { environment, command })], [facts('a')]);
          const written = Object.assign(
            {},
            ...documentsOf(one).map(({ data, stringData }) => ({ ...data, ...stringData })),
          ) as unknown;
          expect(written).toEqual({ ...environment });
          expect(podOf(only(one, 'Deployment', 'a')).containers[0]?.['args']).toEqual(
            command.map((word) => word.replaceAll('$(', '$$$$(')),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
