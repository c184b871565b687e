import { applicationOf, type Rule } from './types.ts';

/** Servers that are given `module:attribute`, by the module of their command line. */
const SERVERS: Readonly<Record<string, readonly string[]>> = {
  hypercorn: ['hypercorn.__main__', 'hypercorn.run'],
  waitress: ['waitress.runner'],
  daphne: ['daphne.cli'],
  granian: ['granian.cli'],
  gunicorn: ['gunicorn.app.wsgiapp'],
  meinheld: ['meinheld.server'],
  huey_consumer: ['huey.bin.huey_consumer'],
  rq: ['rq.cli.cli', 'rq.cli'],
  dramatiq: ['dramatiq.cli'],
  arq: ['arq.cli'],
  celery: ['celery.bin.celery'],
  fastapi: ['fastapi_cli.cli', 'fastapi.cli'],
};

export const servers: Rule = {
  name: 'servers',
  modules: Object.values(SERVERS).flat(),
  find(place) {
    const server = Object.keys(SERVERS).find((name) => SERVERS[name]?.includes(place.module ?? '') === true) ?? '';
    const extra =
      server === 'hypercorn'
        ? ['asyncio', 'trio'].map(
            (name) =>
              ({
                module: `hypercorn.${name}.run`,
                because: 'hypercorn loads its workers by name',
                certainty: 'likely',
              }) as const,
          )
        : [];
    return [...applicationOf(place, server), ...extra];
  },
};
