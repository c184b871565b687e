import { compareBytes } from '../../../base/path.ts';
import type { Project } from '../../../formats/compose/types.ts';
import {
  contentOf,
  materialsOf,
  servicesOf,
  textOf,
  warnOfHardening,
  environmentOf,
  fileName,
  type Material,
} from '../material.ts';
import type { ExportedFile, ExportInput, Warn } from '../types.ts';
import { yamlText } from '../yaml.ts';
import { composeService } from './service.ts';

const FILE = 'compose.yaml';
const HEAD = `Written by tare. Run it in this folder: the paths in it begin here.`;

/**
 * One file that needs nothing else but images, and beside it what it mounts. Without `version` and `name`, in the words that docker-compose 1.29 and Compose v2 both
 * take (measured: 1.29.2 refuses `name`, reads conditions of `depends_on` without a version, and ignores `configs`, which are mounts here).
 */
export function composeFiles(input: ExportInput, warn: Warn): readonly ExportedFile[] {
  const { project } = input;
  const materials = materialsOf(project);
  const sources = new Map<string, string>();
  const files: ExportedFile[] = [];
  for (const material of materials) {
    const { file, path } = sourceOf(material, input, warn);
    sources.set(keyOf(material), path);
    if (file !== undefined) files.push(file);
  }
  const services = servicesOf(input).map(([service, facts]) => {
    warnOfHardening(service, facts, warn);
    if (facts.seccomp !== undefined) files.push({ path: seccompFile(service.name), text: facts.seccomp });
    return [
      service.name,
      composeService({
        project,
        service,
        facts,
        warn,
        configFile: (name) => sources.get(`config ${name}`) ?? name,
        seccompFile: seccompFile(service.name),
      }),
    ] as const;
  });
  const secrets = materials.filter(({ of }) => of === 'secret');
  const document = {
    services: Object.fromEntries(services),
    ...member('networks', networksOf(project)),
    ...member('volumes', volumesOf(project)),
    ...member(
      'secrets',
      secrets.map((secret) => [secret.name, { file: sources.get(keyOf(secret)) ?? '' }]),
    ),
  };
  const isSecret = project.services.some((service) => Object.keys(environmentOf(service).secret).length > 0);
  files.push({ path: FILE, text: yamlText([escaped(document)], HEAD), ...(isSecret ? { secret: true } : {}) });
  return files;
}

const keyOf = ({ name, of }: Material): string => `${of} ${name}`;
const seccompFile = (service: string): string => `${fileName(service)}.seccomp.json`;

/** Where it is mounted from, and the file to write for it. */
function sourceOf(
  material: Material,
  input: ExportInput,
  warn: Warn,
): { readonly path: string; readonly file?: ExportedFile } {
  const { at, name, of, source } = material;
  const path = `./${of}s/${fileName(name)}`;
  if (of === 'secret') {
    if ('file' in source) {
      warn(at, `the secret ${name} is not copied: it is mounted from ${source.file}`);
      return { path: source.file };
    }
    warn(at, `the secret ${name} is not written down: put it into ${path}, for nobody else to read`);
    return { path };
  }
  const bytes = contentOf(material, input);
  const text = bytes === undefined ? undefined : textOf(bytes);
  if (text !== undefined) return { path, file: { path: path.slice(2), text } };
  if (!('file' in source)) throw new Error(`the config ${name} has neither text nor file`);
  warn(at, `the config ${name} is mounted from ${source.file}: it is not copied`);
  return { path: source.file };
}

function member(name: string, entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  const sorted = [...entries].sort(([a], [b]) => compareBytes(a, b));
  return sorted.length === 0 ? {} : { [name]: Object.fromEntries(sorted) };
}

function networksOf({ networks, services }: Project): readonly (readonly [string, unknown])[] {
  const used = new Set(services.flatMap((service) => service.networks.map(({ name }) => name)));
  return networks
    .filter(({ name }) => used.has(name))
    .map(({ internal, name, subnet }) => [
      name,
      {
        ...(internal ? { internal } : {}),
        ...(subnet === undefined ? {} : { ipam: { config: [{ subnet }] } }),
      },
    ]);
}

function volumesOf({ services, volumes }: Project): readonly (readonly [string, unknown])[] {
  const used = new Set(
    services.flatMap(({ mounts }) => mounts.flatMap((mount) => (mount.kind === 'volume' ? (mount.volume ?? []) : []))),
  );
  return volumes
    .filter(({ name }) => used.has(name))
    .map(({ external, fullName, name }) => [name, { ...(external ? { external } : {}), name: fullName }]);
}

/** A dollar is not a variable any more. Keys are never looked at for variables. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
