import { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Project } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { requireSandbox } from '../verify/with-sandbox.ts';
import { exportSystem, type ExportFormat } from './export/index.ts';
import type { Exported } from './export/types.ts';
import { configContents, factsOf } from './facts.ts';
import { shrunkImagesOf } from './images.ts';
import { observeSystem, type SystemRun } from './prove/observe.ts';
import { probesOfProject, settingsOf } from './prove/probes.ts';

export interface ExportProjectOptions {
  readonly project: Project;
  /** By service, as the project names them. */
  readonly images: ReadonlyMap<string, Image>;
  readonly format: ExportFormat;
  /** In their place what `shrinkSystem` made of them. Default false. */
  readonly shrunk?: boolean;
  /** Where the images are pulled from, before their names: `registry.example.com/team`. */
  readonly repository?: string;
  /** Run it once, and ask what its `x-tare` says: else nobody knows system calls, capabilities and use. Default true. */
  readonly observe?: boolean;
  /** For the services to come up, and for the probes together; in milliseconds each. Default 60000. */
  readonly timeoutMs?: number;
}

export interface ExportedProject extends Exported {
  readonly project: string;
  readonly format: ExportFormat;
}

/** What another orchestrator reads. Nothing is written. @throws TareError E_ORIGINAL when it fails its own probes; what opening and running images throw */
export async function exportProject(
  { format, images: whole, observe = true, project, repository = '', shrunk = false, timeoutMs }: ExportProjectOptions,
  tools: { readonly store: Store; readonly ctx: Context },
): Promise<ExportedProject> {
  const images = shrunk ? await shrunkImagesOf(project, whole, tools) : whole;
  const facts = await factsOf({
    project,
    images,
    shrunk,
    ...(observe ? { seen: await observed({ project, images, timeoutMs, ...tools }) } : {}),
    ...(repository === '' ? {} : { repository: repository.endsWith('/') ? repository : `${repository}/` }),
    ...tools,
  });
  const contents = await configContents(project);
  const exported = exportSystem({ format, project, facts, contents });
  const warnings = [...(repository === '' ? unplaced(project, shrunk) : []), ...exported.warnings];
  return { project: project.name, format, ...exported, warnings };
}

/** Images that were made here are in no registry under the names that they have in the store. */
const unplaced = ({ services }: Project, shrunk: boolean): Exported['warnings'] =>
  services
    .filter((service) => service.build !== undefined || (shrunk && settingsOf(service).shrink))
    .map(({ at, name }) => ({
      at,
      message: `${name}: its image was made here: push it, and say by --repository where it is pulled from`,
    }));

async function observed(options: {
  readonly project: Project;
  readonly images: ReadonlyMap<string, Image>;
  readonly timeoutMs: number | undefined;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<SystemRun> {
  const { ctx, project } = options;
  const probes = probesOfProject(project);
  ctx.onEvent({ kind: 'step.started', step: 'observe', detail: project.name });
  const seen = await observeSystem({
    ...options,
    drive: { probes, crawl: probes.length === 0 },
    trace: { syscalls: true },
    sandbox: await requireSandbox(),
  });
  ctx.onEvent({ kind: 'step.done', step: 'observe' });
  const failed = seen.run.outcomes.find(({ ok }) => !ok);
  if (seen.failed === undefined && failed === undefined) return seen;
  const why = seen.failed?.message ?? `${failed?.name ?? ''}: ${failed?.detail ?? 'it fails'}`;
  throw new TareError('E_ORIGINAL', `${project.name} does not pass its own probes: ${why}`, {
    hint: 'mend it; or write what is known without running it: --no-observe',
  });
}
