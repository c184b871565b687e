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

/** Opens the images of all services that are not left as they are. @throws TareError as `openSubject` */
export async function openSubjects(
  project: Project,
  images: ReadonlyMap<string, Image>,
  shared: SharedOptions,
  tools: ShrinkTools,
): Promise<readonly ServiceSubject[]> {
  const subjects: ServiceSubject[] = [];
  for (const service of project.services) {
    const image = images.get(service.name);
    const settings = settingsOf(service);
    if (image === undefined || !settings.shrink) continue;
    const { exclude, include, tightness = shared.tightness } = settings;
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
