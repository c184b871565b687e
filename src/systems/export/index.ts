import { compareBytes } from '../../base/path.ts';
import type { Project } from '../../formats/compose/types.ts';
import { composeFiles } from './compose/index.ts';
import { kubernetesFiles } from './kubernetes/index.ts';
import { quadletFiles } from './quadlet/index.ts';
import type { Exported, ExportedFile, ExportInput, ExportWarning, Warn } from './types.ts';

/** Name of a flag → who writes it. */
export const EXPORT_FORMATS = {
  kubernetes: kubernetesFiles,
  compose: composeFiles,
  'podman-quadlet': quadletFiles,
} as const satisfies Readonly<Record<string, (input: ExportInput, warn: Warn) => readonly ExportedFile[]>>;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

/**
 * What another orchestrator reads: images by digest, users that are not root where that is known, read-only roots, no capabilities but those that were seen to be needed,
 * seccomp profiles, requests by measured use. Nothing is read or written; the files hold secrets only where the project itself does.
 */
export function exportSystem({ format, ...input }: ExportInput & { readonly format: ExportFormat }): Exported {
  const warnings: ExportWarning[] = [];
  const files = EXPORT_FORMATS[format]({ ...input, project: withoutStrangers(input.project) }, (at, message) => {
    if (!warnings.some((other) => other.at === at && other.message === message)) warnings.push({ at, message });
  });
  return { files: [...files].sort((a, b) => compareBytes(a.path, b.path)), warnings };
}

/** A service of a profile that is not active may be missing, where others say so; no target would find it. */
function withoutStrangers(project: Project): Project {
  const names = new Set(project.services.map(({ name }) => name));
  const services = project.services.map((service) => ({
    ...service,
    dependsOn: service.dependsOn.filter((dependency) => names.has(dependency.service)),
  }));
  return { ...project, services };
}
