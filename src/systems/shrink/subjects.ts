import { TareError } from '../../base/error.ts';
import type { Project, Service } from '../../formats/compose/types.ts';
import type { Image, RunConfig } from '../../oci/types.ts';
import { openSubject, type Subject } from '../../shrink/subject.ts';
import type { ShrinkOptions, ShrinkTools } from '../../shrink/types.ts';
import { imageNameOf, shrunkNameOf } from '../images.ts';
import { settingsOf } from '../prove/probes.ts';

/** A service whose image is to become smaller. */
export interface ServiceSubject {
  readonly service: Service;
  readonly subject: Subject;
  readonly options: ShrinkOptions;
}

/** What is the same for all services. */
export type SharedOptions = Pick<ShrinkOptions, 'compression' | 'exclude' | 'include' | 'syscalls' | 'tightness'>;

/**
 * All but those that stay as they are, or of which no container would show what it needs.
 * @throws TareError E_COMPOSE when two of the images to be would have one name
 */
export function servicesToShrink(project: Project): readonly Service[] {
  const names = new Map<string, string>();
  return project.services.filter((service) => {
    const { at, name } = service;
    if (!settingsOf(service).shrink) return false;
    const made = shrunkNameOf(project, service);
    const other = names.get(made);
    if (other !== undefined)
      throw new TareError('E_COMPOSE', `${at}: what is made of ${other} and of ${name} would have one name: ${made}`, {
        hint: 'give one of the two images another tag, or leave one as it is: `x-tare: {shrink: false}`',
      });
    names.set(made, name);
    return true;
  });
}

/** Opens the images of all services that are not left as they are. @throws TareError as `servicesToShrink`, `openSubject` */
export async function openSubjects(
  project: Project,
  images: ReadonlyMap<string, Image>,
  shared: SharedOptions,
  tools: ShrinkTools,
): Promise<readonly ServiceSubject[]> {
  const subjects: ServiceSubject[] = [];
  for (const service of servicesToShrink(project)) {
    const image = images.get(service.name);
    if (image === undefined) continue;
    const { exclude, include, tightness = shared.tightness } = settingsOf(service);
    const options: ShrinkOptions = {
      ...shared,
      image: imageNameOf(project, service),
      name: shrunkNameOf(project, service),
      ...(service.platform === undefined ? {} : { platform: service.platform }),
      ...(tightness === undefined ? {} : { tightness }),
      include: [...(shared.include ?? []), ...include],
      exclude: [...(shared.exclude ?? []), ...exclude],
      startedAs: startedAs(service, image),
    };
    subjects.push({ service, options, subject: await openSubject(options, tools) });
  }
  return subjects;
}

/** How the service starts its image; what is mounted needs a place. */
function startedAs(service: Service, image: Image): RunConfig {
  const own = image.config.config ?? {};
  const { command, entrypoint, environment, healthcheck, mounts, user, workingDir } = service;
  const hasEntrypoint = entrypoint !== undefined && entrypoint !== null;
  const hasCommand = command !== undefined && command !== null;
  const volumes = mounts.flatMap((mount) => (mount.kind === 'volume' ? [mount.target] : []));
  return {
    ...(hasEntrypoint ? { Entrypoint: entrypoint, Cmd: [] } : {}),
    ...(hasCommand ? { Cmd: command } : {}),
    Env: [...(own.Env ?? []), ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    ...(user === undefined ? {} : { User: user }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(healthcheck?.argv === undefined ? {} : { Healthcheck: { Test: ['CMD', ...healthcheck.argv] } }),
    Volumes: { ...own.Volumes, ...Object.fromEntries(volumes.map((path) => [path, {}])) },
  };
}
