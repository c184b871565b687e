import type { Project } from '../../../formats/compose/types.ts';
import { contentOf, environmentOf, fileName, materialsOf, servicesOf, textOf, warnOfHardening } from '../material.ts';
import type { ExportedFile, ExportInput, Warn } from '../types.ts';
import { containerSection, secretName, serviceSection, unitSection, type ContainerInput } from './container.ts';
import { literal, option, unitText, word, type Section } from './unit.ts';

/** `/etc/containers/systemd` for the system, `~/.config/containers/systemd` for a user (systemd.unit(5), "Specifiers"). */
const FOLDER = '%E/containers/systemd';
const HEAD = `Written by tare for podman 4.5 and later. Put this folder's files into
/etc/containers/systemd, or ~/.config/containers/systemd, and reload systemd.`;

/**
 * Units as podman-systemd.unit(5) describes them. All names begin with the project's: `db.service` may be there already. Order and health: `Requires` and
 * `After`, where those that are waited for tell systemd when they are healthy (`Notify=healthy`, podman 5.0), and jobs are `Type=oneshot`.
 */
export function quadletFiles(input: ExportInput, warn: Warn): readonly ExportedFile[] {
  const { project } = input;
  const unitOf = (name: string): string => fileName(`${project.name}-${name}`);
  const files: ExportedFile[] = [];
  const configs = new Map<string, string>();
  for (const material of materialsOf(project)) {
    const { at, name, of, source } = material;
    if (of === 'secret') {
      const from = 'file' in source ? source.file : '-';
      warn(at, `the secret ${name} has to be made: podman secret create ${secretName(project, name)} ${from}`);
      continue;
    }
    const bytes = contentOf(material, input);
    const text = bytes === undefined ? undefined : textOf(bytes);
    const file = `${unitOf(name)}.config`;
    if (text !== undefined) {
      files.push({ path: file, text });
      configs.set(name, `${FOLDER}/${literal(file)}`);
    } else if ('file' in source) {
      warn(at, `the config ${name} is mounted from ${source.file}: it is not copied`);
      configs.set(name, literal(source.file));
    }
  }
  for (const [service, facts] of servicesOf(input)) {
    warnOfHardening(service, facts, warn);
    const unit = unitOf(service.name);
    if (facts.seccomp !== undefined) files.push({ path: `${unit}.seccomp.json`, text: facts.seccomp });
    if (service.replicas !== 1)
      warn(service.at, `${service.name}: a unit is one container; it is not started ${service.replicas} times`);
    const container: ContainerInput = {
      project,
      service,
      facts,
      unitOf,
      folder: FOLDER,
      warn,
      configFile: (name) => configs.get(name) ?? literal(name),
    };
    const text = unitText(HEAD, [
      ['Unit', unitSection(container)],
      ['Container', containerSection(container)],
      ['Service', serviceSection(container)],
      ['Install', [['WantedBy', 'multi-user.target default.target']]],
    ]);
    const isSecret = Object.keys(environmentOf(service).secret).length > 0;
    files.push({ path: `${unit}.container`, text, ...(isSecret ? { secret: true } : {}) });
  }
  return [...files, ...networkUnits(project, unitOf), ...volumeUnits(project, unitOf)];
}

function networkUnits({ networks, services }: Project, unitOf: (name: string) => string): ExportedFile[] {
  const used = new Set(services.flatMap((service) => service.networks.map(({ name }) => name)));
  return networks
    .filter(({ name }) => used.has(name))
    .map(({ internal, name, subnet }) => {
      const lines: Section = [
        ['Label', word(`tare.network=${name}`)],
        ...(internal ? [['Internal', 'true'] as const] : []),
        ...(subnet === undefined ? [] : [option('Subnet', 'subnet', subnet)]),
      ];
      return { path: `${unitOf(name)}.network`, text: unitText(HEAD, [['Network', lines]]) };
    });
}

function volumeUnits({ services, volumes }: Project, unitOf: (name: string) => string): ExportedFile[] {
  const used = new Set(
    services.flatMap(({ mounts }) => mounts.flatMap((mount) => (mount.kind === 'volume' ? (mount.volume ?? []) : []))),
  );
  return volumes
    .filter(({ external, name }) => used.has(name) && !external)
    .map(({ name }) => ({
      path: `${unitOf(name)}.volume`,
      text: unitText(HEAD, [['Volume', [['Label', word(`tare.volume=${name}`)]]]]),
    }));
}
