import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { pino, type Logger } from 'pino';
import { aggregate } from './aggregate.ts';
import { answerOf, type Means } from './answer.ts';
import { openAgent, type Answer, type Question } from './forward.ts';
import { openMetrics } from './metrics.ts';
import { pathFault } from './path.ts';
import { Problem, PROBLEM_TYPE, problemBody } from './problem.ts';
import { openReadiness } from './ready.ts';
import { stateOf, type State } from './state.ts';
import { fill } from './template.ts';
import type { CompiledRoute } from './table.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The template that it goes by; for metrics and the log. */
    way: string;
  }
}

export interface Gateway {
  readonly app: FastifyInstance;
  readonly log: Logger;
  readonly metrics: Means['metrics'];
  readonly state: () => State;
  /** Takes a new configuration as a whole. @throws ConfigError, and the old one stays */
  take(text: string): void;
  /** Ends what is being answered, and takes nothing new. */
  close(): Promise<void>;
}

const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** @throws ConfigError when the first configuration cannot be used */
export async function openGateway(text: string, log: Logger = pino()): Promise<Gateway> {
  const metrics = openMetrics();
  const agent = openAgent();
  const readiness = openReadiness();
  let state: State | undefined;
  let closing = false;
  const current = (): State => {
    if (state === undefined) throw new Error('there is no configuration yet');
    return state;
  };
  const logger: FastifyBaseLogger = log;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) => requestIdOf(request, state),
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 8192 },
  });
  await app.register(helmet, HEADERS);
  await app.register(rateLimit, { global: false });
  state = stateOf(text, app);

  app.decorateRequest('way', '');
  app.removeAllContentTypeParsers();
  // Read by the handler, which knows the limit of the day.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', async (request, reply) => {
    metrics.active.inc();
    reply.header(current().config.GlobalConfiguration.RequestIdKey, request.id);
  });
  app.addHook('onSend', async (_request, reply) => {
    // What is answered at the end is the last on its connection, which would keep the server open.
    if (closing) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => observe(request, reply, metrics));
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) => refuse(error, request, reply));
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'there is nothing here');
  });
  app.get('/healthz', (request) => {
    request.way = '/healthz';
    return { status: 'OK', config: current().version };
  });
  app.get('/readyz', async (request, reply) => {
    request.way = '/readyz';
    const { downstreams, ready } = await readiness(current().table);
    return reply
      .code(ready && !closing ? 200 : 503)
      .send({ status: closing ? 'closing' : ready ? 'OK' : 'waiting', downstreams });
  });
  app.get('/metrics', async (request, reply) => {
    request.way = '/metrics';
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.route({
    method: [...METHODS],
    url: '/*',
    handler: (request, reply) => handle(request, reply, current(), { agent, metrics }),
  });
  return {
    app,
    log,
    metrics,
    state: current,
    take(next) {
      state = stateOf(next, app);
    },
    async close() {
      closing = true;
      await app.close();
      await agent.close();
    },
  };
}

/** No page of the gateway's own is to be shown or embedded anywhere. */
const HEADERS = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  crossOriginResourcePolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
} as const;

function requestIdOf(request: { readonly headers: IncomingMessage['headers'] }, state: State | undefined): string {
  const key = state?.config.GlobalConfiguration.RequestIdKey.toLowerCase();
  const given = key === undefined ? undefined : request.headers[key];
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

async function handle(request: FastifyRequest, reply: FastifyReply, state: State, means: Means): Promise<FastifyReply> {
  const [path = '/', ...query] = (request.raw.url ?? '/').split('?');
  const fault = pathFault(path);
  if (fault !== undefined) throw new Problem(400, fault);
  const found = state.table.find(request.method, path);
  if (found === undefined) throw new Problem(404, 'there is nothing here');
  if ('allow' in found)
    throw new Problem(405, `${request.method} is not possible here`, { allow: found.allow.join(', ') });
  const { target, values } = found;
  request.way = target.template.text;
  const body = await bodyOf(request, state.config.GlobalConfiguration.MaxRequestBodyBytes);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const questionFor = (route: CompiledRoute, method: string, headers = request.headers): Question => ({
    method,
    target: withQuery(fill(route.DownstreamPathTemplate, values), query.join('?')),
    headers: {
      ...headers,
      'x-forwarded-for': request.ip,
      'x-forwarded-host': request.host,
      'x-forwarded-proto': request.protocol,
    },
    body,
    requestId: request.id,
    requestIdKey: state.config.GlobalConfiguration.RequestIdKey.toLowerCase(),
    words: {
      BaseUrl: state.config.GlobalConfiguration.BaseUrl,
      RemoteIpAddress: request.ip,
      RequestId: request.id,
      UpstreamHost: request.host,
    },
    signal: gone.signal,
  });
  if (target.kind === 'route')
    return send(reply, await answerOf(target.route, questionFor(target.route, request.method), request, state, means));
  const plain = { ...request.headers, 'accept-encoding': 'identity' };
  const forPart = (route: CompiledRoute): Question => questionFor(route, 'GET', plain);
  return send(reply, await aggregate(target.parts, forPart, request, state, means));
}

function withQuery(target: string, query: string): string {
  if (query === '') return target;
  return `${target}${target.includes('?') ? '&' : '?'}${query}`;
}

/** @throws Problem 413 */
async function bodyOf(request: FastifyRequest, max: number): Promise<Buffer | undefined> {
  const { headers, raw } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return undefined;
  const tooMuch = new Problem(413, `more than ${max} bytes`, { connection: 'close' });
  if (Number(headers['content-length'] ?? 0) > max) throw tooMuch;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > max) throw tooMuch;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** What the gateway says of itself stands: a downstream does not loosen it. */
function send(reply: FastifyReply, { body, headers, status }: Answer): FastifyReply {
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) reply.header(name, value);
  return reply.send(body);
}

function refuse(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error instanceof Problem ? error.status : (error.statusCode ?? 500);
  const cause = error instanceof Problem ? (error.cause as Error | undefined) : error;
  if (status >= 500) request.log.warn({ status, reason: cause?.message }, error.message);
  const detail = status === 500 ? 'something went wrong here' : error.message;
  if (error instanceof Problem) reply.headers(error.headers);
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(problemBody(status, detail, request.id));
}

/** The path without its query, in which there may be secrets. */
function observe(request: FastifyRequest, reply: FastifyReply, metrics: Means['metrics']): void {
  const route = request.way === '' ? 'none' : request.way;
  metrics.active.dec();
  metrics.requests.inc({ route, method: request.method, status: reply.statusCode });
  metrics.seconds.observe({ route }, reply.elapsedTime / 1000);
  const isOwn = ['/healthz', '/readyz', '/metrics'].includes(route);
  request.log[isOwn ? 'debug' : 'info'](
    {
      method: request.method,
      path: request.url.split('?', 1)[0],
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ip: request.ip,
    },
    'answered',
  );
}
