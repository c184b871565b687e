import type { Project } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';
import { upAttached, type AttachedSystem } from '../systems/attach.ts';
import { exportProject, type ExportedProject, type ExportProjectOptions } from '../systems/export-project.ts';
import { buildServices, imagesOf, shrunkImagesOf } from '../systems/images.ts';
import type { LogLine } from '../systems/log-file.ts';
import { probesOfProject, type SystemProbe } from '../systems/prove/probes.ts';
import { verifySystem as verifyProject, type SystemVerification } from '../systems/prove/verify.ts';
import { readProject } from '../systems/read-project.ts';
import { statusEvent } from '../systems/run/status-event.ts';
import {
  shrinkSystem as shrinkProject,
  type ShrinkSystemOptions,
  type ShrunkSystem,
} from '../systems/shrink/shrink.ts';
import type { CompareMode } from '../verify/compare.ts';
import { toolsOf, withoutCall, type CallOptions, type Tools } from './tools.ts';

/*
 * Whole systems, with the surroundings filled in. Images come from the store; what it lacks is built or fetched, as the project says.
 */

/** A project that `readProject` gave, or the path of a Compose file, which is read with this process's environment. */
export type ProjectInput = Project | string;

export interface OneSystem extends CallOptions {
  readonly project: ProjectInput;
}

/** As `tare up --detach`, but the system runs in this process and ends with it; `tare ps`, `tare logs` and `tare down` know it. */
export async function upSystem(
  options: OneSystem & {
    /** The images that `shrinkSystem` made. Default false. */
    readonly shrunk?: boolean;
    /** Build the services that say how, also when the store has their image. Default false. */
    readonly build?: boolean;
    /** What the containers print. */
    readonly onLine?: (line: LogLine) => void;
  },
): Promise<AttachedSystem> {
  const { build = false, onLine = () => undefined, shrunk = false } = options;
  const tools = await toolsOf(options);
  const project = await projectOf(options.project, tools);
  if (build) await buildServices(project, { environment: process.env }, tools, { unpacks: true });
  const whole = await wholeImages(project, tools);
  const images = shrunk ? await shrunkImagesOf(project, whole, tools) : whole;
  return upAttached(
    { project, images, keepsLog: false, onLine, onStatus: (now) => tools.ctx.onEvent(statusEvent(now)) },
    { ...tools, env: process.env },
  );
}

/** As `tare verify --file`. */
export async function verifySystem(
  options: OneSystem & {
    /** The images that `shrinkSystem` made, compared with those of the project. Default false. */
    readonly shrunk?: boolean;
    /** Another system that it is compared with. */
    readonly against?: ProjectInput;
    /** Default: those of the project's `x-tare`. */
    readonly probes?: readonly SystemProbe[];
    /** How the answers are compared; default auto. */
    readonly compare?: CompareMode;
    readonly timeoutMs?: number;
  },
): Promise<SystemVerification> {
  const { against, compare, shrunk = false, timeoutMs } = options;
  const tools = await toolsOf(options);
  const project = await projectOf(options.project, tools);
  const whole = await wholeImages(project, tools);
  const images = shrunk ? await shrunkImagesOf(project, whole, tools) : whole;
  const other = against === undefined ? undefined : await projectOf(against, tools);
  const original =
    other === undefined
      ? shrunk
        ? { project, images: whole }
        : undefined
      : { project: other, images: await wholeImages(other, tools) };
  return verifyProject({
    project,
    images,
    probes: options.probes ?? probesOfProject(project),
    ...(original === undefined ? {} : { against: original }),
    ...(compare === undefined ? {} : { compare }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...tools,
  });
}

/** As `tare shrink --file`. */
export async function shrinkSystem(
  options: OneSystem &
    Omit<ShrinkSystemOptions, 'images' | 'probes' | 'project' | 'syscalls'> & {
      /** Default: those of the project's `x-tare`; when there are none, the published ports are crawled. */
      readonly probes?: readonly SystemProbe[];
    },
): Promise<ShrunkSystem> {
  const tools = await toolsOf(options);
  const project = await projectOf(options.project, tools);
  const probes = options.probes ?? probesOfProject(project);
  const images = await wholeImages(project, tools);
  return (await shrinkProject({ ...withoutCall(options), project, probes, images }, tools)).result;
}

/** As `tare systems export`: nothing is written. */
export async function exportSystem(
  options: OneSystem & Omit<ExportProjectOptions, 'images' | 'project'>,
): Promise<ExportedProject> {
  const tools = await toolsOf(options);
  const project = await projectOf(options.project, tools);
  const images = await wholeImages(project, tools);
  return exportProject({ ...withoutCall(options), project, images }, tools);
}

async function projectOf(input: ProjectInput, { ctx }: Tools): Promise<Project> {
  if (typeof input !== 'string') return input;
  const { project, warnings } = await readProject({ files: [input], env: process.env });
  for (const warning of warnings) ctx.onEvent({ kind: 'warning', warning });
  return project;
}

const wholeImages = (project: Project, tools: Tools): Promise<ReadonlyMap<string, Image>> =>
  imagesOf(project, { environment: process.env }, tools);
