import type { Project } from '../../formats/compose/types.ts';
import type { Life } from './life.ts';

/** Stops all: who is needed by nobody that still runs is next. @param graceMs undefined: as each service says */
export async function stopInOrder(
  { services }: Pick<Project, 'services'>,
  lives: readonly Life[],
  graceMs: number | undefined,
): Promise<void> {
  const stopped = new Map<string, Promise<void>>();
  const stopService = (name: string): Promise<void> => {
    const known = stopped.get(name);
    if (known !== undefined) return known;
    const dependants = services.filter(({ dependsOn }) => dependsOn.some(({ service }) => service === name));
    const done = Promise.all(dependants.map((service) => stopService(service.name))).then(async () => {
      const own = lives.filter(({ replica }) => replica.service.name === name);
      await Promise.all(own.map((life) => life.stop(graceMs ?? life.replica.service.stopGraceMs)));
    });
    stopped.set(name, done);
    return done;
  };
  await Promise.all(services.map(({ name }) => stopService(name)));
}
