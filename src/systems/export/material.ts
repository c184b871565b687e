import { compareBytes } from '../../base/path.ts';
import type { FileSource, Project, Service, ServiceMount } from '../../formats/compose/types.ts';
import { shownValue } from '../../explain/shown-value.ts';
import type { ExportInput, ServiceFacts, Warn } from './types.ts';

export type FileMount = Extract<ServiceMount, { readonly kind: 'file' }>;

/** A config or a secret of the project. */
export interface Material {
  readonly of: 'config' | 'secret';
  readonly name: string;
  readonly source: FileSource;
  /** Of the first service that mounts it. */
  readonly at: string;
}

/** Those that some service mounts, each once, configs first, by name. */
export function materialsOf({ services }: Project): readonly Material[] {
  const found = new Map<string, Material>();
  for (const { mounts } of services)
    for (const mount of mounts)
      if (mount.kind === 'file' && !found.has(`${mount.of} ${mount.name}`)) {
        const { at, name, of, source } = mount;
        found.set(`${of} ${name}`, { at, name, of, source });
      }
  return [...found].sort(([a], [b]) => compareBytes(a, b)).map(([, material]) => material);
}

/** Of a config, when it is known. A secret's file is not read: it does not belong beside the rest. */
export function contentOf({ of, source }: Material, { contents }: ExportInput): Uint8Array | undefined {
  if ('text' in source) return Buffer.from(source.text);
  return of === 'config' ? contents?.get(source.file) : undefined;
}

/** Undefined for bytes that are no text. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** Variables whose names or values look like secrets apart from the others; both in byte order. */
export function environmentOf({ environment }: Service): {
  readonly plain: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
} {
  const all = Object.entries(environment).sort(([a], [b]) => compareBytes(a, b));
  const isSecret = ([name, value]: readonly [string, string]): boolean => shownValue(name, value) !== value;
  return {
    plain: Object.fromEntries(all.filter((entry) => !isSecret(entry))),
    secret: Object.fromEntries(all.filter(isSecret)),
  };
}

/** Services with their facts, by name. @throws Error when one has none: the caller names all */
export function servicesOf({ facts, project }: ExportInput): readonly (readonly [Service, ServiceFacts])[] {
  return [...project.services]
    .sort((a, b) => compareBytes(a.name, b.name))
    .map((service) => {
      const known = facts.find((one) => one.service === service.name);
      if (known === undefined) throw new Error(`nothing is known of the service ${service.name}`);
      return [service, known] as const;
    });
}

/** Others wait until it has ended well: it does one thing, and is no server. */
export function isJob({ services }: Project, name: string): boolean {
  return services.some(({ dependsOn }) =>
    dependsOn.some(({ condition, service }) => service === name && condition === 'service_completed_successfully'),
  );
}

/** What every target says of a service that it hardens. */
export function warnOfHardening(service: Service, facts: ServiceFacts, warn: Warn): void {
  const { at, name } = service;
  if (!service.readOnly) warn(at, `${name}: its root is read-only now; it can write to /tmp and to its volumes alone`);
  if (facts.capabilities === undefined)
    warn(at, `${name}: nobody has looked which capabilities it needs; it has none but those of cap_add`);
  const secret = Object.keys(environmentOf(service).secret);
  if (secret.length > 0)
    warn(at, `${name}: of its environment these look like secrets, and are written down: ${secret.join(', ')}`);
}

/** A name as one component of a path, which leads nowhere else. */
export function fileName(name: string): string {
  return name === '' ? '_' : name.replace(/^\.|[^\w.-]/gu, (char) => `_${(char.codePointAt(0) ?? 0).toString(16)}`);
}
