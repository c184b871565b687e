import '@fastify/rate-limit';
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { verifiersOf, type Verifier } from './auth.ts';
import { openCache, type Cache } from './cache.ts';
import { parseConfig, type Config } from './config.ts';
import { periodMs, tableOf, type CompiledRoute, type Limiter, type Table } from './table.ts';

/** All that follows from one configuration; a new one replaces it as a whole. */
export interface State {
  readonly config: Config;
  /** The beginning of a digest of the file, to tell versions apart. */
  readonly version: string;
  readonly table: Table;
  readonly cache: Cache;
  readonly verifiers: ReadonlyMap<string, Verifier>;
  readonly limiters: ReadonlyMap<CompiledRoute, Limiter<FastifyRequest>>;
}

const MAX_CLIENT_ID = 200;

/** @throws ConfigError */
export function stateOf(text: string, app: FastifyInstance): State {
  const config = parseConfig(text);
  const table = tableOf(config);
  return {
    config,
    version: createHash('sha256').update(text).digest('hex').slice(0, 12),
    table,
    cache: openCache(config.GlobalConfiguration.CacheOptions),
    verifiers: verifiersOf(config.AuthenticationProviders),
    limiters: new Map(
      table.routes.flatMap((route) => {
        const limiter = limiterOf(route, app);
        return limiter === undefined ? [] : [[route, limiter] as const];
      }),
    ),
  };
}

function limiterOf({ RateLimitOptions: options }: CompiledRoute, app: FastifyInstance) {
  if (options === undefined) return undefined;
  const header = options.ClientIdHeader?.toLowerCase();
  const check = app.createRateLimit({
    max: options.Limit,
    timeWindow: periodMs(options.Period),
    keyGenerator: (request) => {
      const id = header === undefined ? undefined : request.headers[header];
      return typeof id === 'string' ? `id ${id.slice(0, MAX_CLIENT_ID)}` : `ip ${request.ip}`;
    },
  });
  const limiter: Limiter<FastifyRequest> = async (request) => {
    const result = await check(request);
    return result.isAllowed || !result.isExceeded ? undefined : { waitSeconds: result.ttlInSeconds };
  };
  return limiter;
}
