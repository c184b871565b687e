import { withDeadline } from '../../../base/deadline.ts';
import type { HttpProbe, Probe, Running } from '../../types.ts';
import type { BodyRoom } from '../body-answer.ts';
import { exchange, type Exchange } from '../exchange.ts';
import { probeName, type ProbeOutcome } from '../index.ts';
import { ANY_STATUS, FIRST_BAD_STATUS } from '../status.ts';
import { createFrontier, type Target } from './frontier.ts';
import { MAX_ANSWER_MS, MAX_CRAWL_BYTES, MAX_CRAWL_MS } from './limits.ts';
import { linksOf } from './links.ts';

/** Asked although nothing leads there; what a server does not have is no probe. */
const WELL_KNOWN = ['/favicon.ico', '/robots.txt', '/sitemap.xml'];
/** Where frameworks describe their interface. */
const DESCRIPTIONS = ['/openapi.json', '/swagger.json', '/openapi.yaml', '/v3/api-docs', '/swagger/v1/swagger.json'];
/** Leads nowhere: the page which says so may be a file of the application's own. */
const NOWHERE = '/no-such-page-of-tare';

export interface CrawlOptions {
  readonly running: Running;
  /** The container's own; it has to be published and to accept connections. */
  readonly port: number;
  readonly signal: AbortSignal;
  /** Called before each question, with the probe's name. */
  readonly mark: (phase: string) => Promise<void>;
  /** The answer to `/`, which tells that this is an HTTP server. */
  readonly first: Exchange;
  /** For the bodies of all answers together. */
  readonly room: BodyRoom;
}

export interface Crawled {
  /** GET, each with the status that came. In the order of asking. */
  readonly probes: readonly Probe[];
  readonly outcomes: readonly ProbeOutcome[];
  /** Why not everything that was found was asked. */
  readonly cut?: string;
}

/** Follows the links of one server from `/`, one question at a time, within the limits of limits.ts. What does not answer is no probe. */
export async function crawl(options: CrawlOptions): Promise<Crawled> {
  const { mark, port, room, running, signal } = options;
  const published = running.ports.find((mapping) => mapping.container === port);
  if (published === undefined) return { probes: [], outcomes: [] };
  const guesses = [...WELL_KNOWN, ...DESCRIPTIONS].map((path): Target => ({ path, depth: 1, guess: true }));
  const frontier = createFrontier(port, [
    { path: '/', depth: 0, guess: false },
    { path: NOWHERE, depth: 1, guess: false },
    ...guesses,
  ]);
  const probes: Probe[] = [];
  const outcomes: ProbeOutcome[] = [];
  const begin = performance.now();
  let bytes = 0;
  let nowhere: Exchange | undefined;
  let cut: string | undefined;
  for (let target = frontier.next(); target !== undefined && !signal.aborted; target = frontier.next()) {
    const left = MAX_CRAWL_MS - (performance.now() - begin);
    if (left <= 0 || bytes > MAX_CRAWL_BYTES) {
      cut = left <= 0 ? `${MAX_CRAWL_MS / 1000} s were over` : `${MAX_CRAWL_BYTES} bytes were read`;
      break;
    }
    const http: HttpProbe = { port, path: target.path, status: ANY_STATUS };
    await mark(probeName({ http }));
    const asked = performance.now();
    const answer =
      target.path === '/'
        ? options.first
        : await withDeadline(signal, Math.ceil(Math.min(left, MAX_ANSWER_MS)), (limit) =>
            exchange(http, published, limit, room),
          ).catch(noAnswer);
    if (answer === undefined) continue;
    bytes += answer.answer.body?.size ?? 0;
    if (target.path === NOWHERE) nowhere = answer;
    if (target.guess && (answer.status >= FIRST_BAD_STATUS || isSame(answer, nowhere))) continue;
    const probe: Probe = { http: { port, path: target.path, status: answer.status } };
    probes.push(probe);
    const ms = Math.round(performance.now() - asked);
    outcomes.push({ name: probeName(probe), ok: true, ms, answer: answer.answer });
    const page = { path: target.path, headers: answer.headers, body: answer.body };
    for (const link of await linksOf(page)) frontier.add(link, target);
    if (DESCRIPTIONS.includes(target.path) && answer.status < 300)
      for (const path of await describedPaths(answer.body, port, target.path))
        frontier.add({ href: path, guess: true }, target);
  }
  if (frontier.cut) cut ??= 'there are more links than are followed';
  return { probes, outcomes, ...(cut === undefined ? {} : { cut }) };
}

/** A single-page application answers every path with its one page. */
function isSame(answer: Exchange, nowhere: Exchange | undefined): boolean {
  return answer.status === nowhere?.status && answer.answer.body?.digest === nowhere.answer.body?.digest;
}

/** Whatever broke off: the same question is not worth asking again. */
const noAnswer = (): undefined => undefined;

/** What an OpenAPI document says can be read. One that is none says nothing. */
async function describedPaths(body: Buffer, port: number, where: string): Promise<readonly string[]> {
  const [{ probesOfOpenapi }, { isTareError }] = await Promise.all([
    import('../openapi/openapi.ts'),
    import('../../../base/error.ts'),
  ]);
  try {
    const probes = probesOfOpenapi(body.toString('utf8'), { port, where });
    return probes.flatMap((probe) => ('http' in probe && probe.http.method === 'GET' ? [probe.http.path] : []));
  } catch (error) {
    if (isTareError(error)) return [];
    throw error;
  }
}
