import type { Project } from '../../../formats/compose/types.ts';
import { contentOf, isJob, materialsOf, servicesOf, textOf, warnOfHardening, type Material } from '../material.ts';
import type { ExportedFile, ExportInput, Warn } from '../types.ts';
import { yamlText } from '../yaml.ts';
import { usersOf } from './mounts.ts';
import { createNames, labelName } from './names.ts';
import { clusterEnvironment, seccompPath } from './pod.ts';
import { policyDocument, serviceDocuments } from './ports.ts';
import { CONTENT_KEY, metadata, partOf, type ClusterNames, type Json, type WorkloadInput } from './types.ts';
import { claimSpec, workloadDocument } from './workload.ts';

/** Of a ConfigMap and of a Secret, all entries together. */
const MAX_CONTENT_BYTES = 1024 * 1024; // 1 MiB

/**
 * A file for each service (workload, Services, NetworkPolicy, environment), `configs.yaml`, `secrets.yaml` and `volumes.yaml` for what they have in common, and the
 * seccomp profiles, which belong on the nodes. Made for the namespace that they are applied to: `kubectl apply -n NAMESPACE -f FOLDER`.
 */
export function kubernetesFiles(input: ExportInput, warn: Warn): readonly ExportedFile[] {
  const { project } = input;
  const names = clusterNames(project);
  const files: ExportedFile[] = [];
  for (const [service, facts] of servicesOf(input)) {
    const workload: WorkloadInput = { project, service, facts, names, warn };
    warnOfHardening(service, facts, warn);
    const name = names.service(service.name);
    if (facts.seccomp !== undefined) {
      const path = `seccomp/${seccompPath(workload)}`;
      files.push({ path, text: facts.seccomp });
      warn(service.at, `${service.name}: its seccomp profile has to be on each node before: /var/lib/kubelet/${path}`);
    }
    const environment = environmentDocuments(workload);
    const documents = [
      ...environment.documents,
      ...(isJob(project, service.name) ? [] : serviceDocuments(workload)),
      workloadDocument(workload),
      policyDocument(workload),
    ];
    files.push({
      path: `service-${name}.yaml`,
      text: yamlText(documents),
      ...(environment.isSecret ? { secret: true } : {}),
    });
  }
  return [...files, ...materialFiles(input, names, warn), ...volumeFiles(project, names, warn)];
}

/** Services that can keep their names do. */
function clusterNames({ services }: Project): ClusterNames {
  const service = createNames();
  const fits = services.filter(({ name }) => labelName(name) === name);
  for (const { name } of [...fits, ...services]) service(name);
  const prefixed = (prefix: string): ((text: string) => string) => {
    const nameOf = createNames();
    return (text) => nameOf(`${prefix}-${text}`);
  };
  return {
    service,
    network: createNames(),
    volume: prefixed('volume'),
    config: prefixed('config'),
    secret: prefixed('secret'),
  };
}

function environmentDocuments(input: WorkloadInput): {
  readonly documents: readonly Json[];
  readonly isSecret: boolean;
} {
  const { names, service, warn } = input;
  const { left, plain, secret } = clusterEnvironment(service);
  if (left.length > 0)
    warn(
      service.at,
      `${service.name}: variables cannot have these names in a cluster, and are left out: ${left.join(', ')}`,
    );
  const meta = metadata(`env-${names.service(service.name)}`, input);
  const isSecret = Object.keys(secret).length > 0;
  return {
    documents: [
      ...(Object.keys(plain).length === 0
        ? []
        : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta, data: plain }]),
      ...(isSecret ? [{ apiVersion: 'v1', kind: 'Secret', metadata: meta, type: 'Opaque', stringData: secret }] : []),
    ],
    isSecret,
  };
}

function materialFiles(input: ExportInput, names: ClusterNames, warn: Warn): readonly ExportedFile[] {
  const documents = { config: [] as Json[], secret: [] as Json[] };
  for (const material of materialsOf(input.project)) {
    const bytes = contentOf(material, input);
    const name = names[material.of](material.name);
    const meta = { name, labels: partOf({ project: input.project }) };
    if (bytes === undefined || bytes.length > MAX_CONTENT_BYTES) warn(material.at, toBeMade(material, name, bytes));
    else documents[material.of].push(materialDocument(material, meta, bytes));
    if (material.of === 'secret' && bytes !== undefined)
      warn(material.at, `the secret ${material.name} is written down in secrets.yaml, in the clear`);
  }
  return [
    ...(documents.config.length === 0 ? [] : [{ path: 'configs.yaml', text: yamlText(documents.config) }]),
    ...(documents.secret.length === 0
      ? []
      : [{ path: 'secrets.yaml', text: yamlText(documents.secret), secret: true as const }]),
  ];
}

function toBeMade({ name: own, of, source }: Material, name: string, bytes: Uint8Array | undefined): string {
  const kind = of === 'config' ? 'configmap' : 'secret generic';
  const file = 'file' in source ? source.file : 'FILE';
  const why = bytes === undefined ? 'is not copied' : `has more than ${MAX_CONTENT_BYTES} bytes`;
  return `the ${of} ${own} ${why}: kubectl create ${kind} ${name} --from-file=${CONTENT_KEY}=${file}`;
}

function materialDocument({ of }: Material, meta: Json, bytes: Uint8Array): Json {
  const text = textOf(bytes);
  const encoded = { [CONTENT_KEY]: Buffer.from(bytes).toString('base64') };
  if (of === 'config')
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta,
      ...(text === undefined ? { binaryData: encoded } : { data: { [CONTENT_KEY]: text } }),
    };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta,
    type: 'Opaque',
    ...(text === undefined ? { data: encoded } : { stringData: { [CONTENT_KEY]: text } }),
  };
}

/** Claims for what several services have. */
function volumeFiles(project: Project, names: ClusterNames, warn: Warn): readonly ExportedFile[] {
  const documents = project.volumes.flatMap(({ at, external, fullName, name }): Json[] => {
    const users = usersOf(name, project);
    if (users.length === 0) return [];
    if (external) {
      warn(at, `the volume ${name} has to be there already, as the claim ${labelName(fullName)}`);
      return [];
    }
    if (users.length === 1) return [];
    warn(
      at,
      `the volume ${name} is claimed for several services: its storage has to let several nodes write (ReadWriteMany)`,
    );
    return [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: names.volume(name), labels: partOf({ project }) },
        spec: claimSpec('ReadWriteMany'),
      },
    ];
  });
  return documents.length === 0 ? [] : [{ path: 'volumes.yaml', text: yamlText(documents) }];
}
