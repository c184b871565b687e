import { throwIfCancelled } from '../base/context.ts';
import { withDeadline } from '../base/deadline.ts';
import { errnoOf } from '../base/error.ts';
import { crawl } from '../sandbox/probes/crawl/crawl.ts';
import { exchange, type Exchange } from '../sandbox/probes/exchange.ts';
import { probeName, type ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Probe } from '../sandbox/types.ts';
import { exitText } from './ask.ts';
import { waitForPorts } from './ports.ts';
import type { Session } from './session.ts';

/** How long a server that accepts connections may give no answer, or one from 500 on, in milliseconds. */
const SETTLE_MS = 5000;
const PAUSE_MS = 50;
const MAX_ANSWER_MS = 5000;
const MIN_ANSWER_MS = 1000;
const FIRST_BROKEN_STATUS = 500;

export interface CrawledPorts {
  readonly probes: readonly Probe[];
  readonly outcomes: readonly ProbeOutcome[];
  /** When the first port accepted connections. */
  readonly startMs: number;
}

/**
 * Crawls every port that speaks HTTP; of those that speak something else a TCP probe is made. When no port opens at all, these fail; when only some
 * do, the others are left alone, with a warning.
 * @throws TareError E_CANCELLED
 */
export async function crawlPorts(session: Session, ports: readonly number[], timeoutMs: number): Promise<CrawledPorts> {
  const { ctx } = session;
  const open = await waitForPorts(session, ports, timeoutMs);
  const startMs = session.elapsed();
  const probes: Probe[] = [];
  const outcomes: ProbeOutcome[] = [];
  for (const port of ports) {
    if (!open.includes(port)) {
      const detail = closedText(session, port);
      if (open.length > 0) {
        ctx.onEvent({ kind: 'warning', warning: { code: 'port-closed', message: `${detail}: it is not probed` } });
        continue;
      }
      const probe: Probe = { tcp: { port } };
      probes.push(probe);
      outcomes.push({ name: probeName(probe), ok: false, ms: startMs, detail });
      continue;
    }
    const first = await firstAnswer(session, port, timeoutMs);
    if (first === undefined) {
      const probe: Probe = { tcp: { port } };
      probes.push(probe);
      outcomes.push({ name: probeName(probe), ok: true, ms: 0 });
      continue;
    }
    const { room, running } = session;
    const crawled = await crawl({ running, room, port, signal: ctx.signal, mark: session.mark, first });
    throwIfCancelled(ctx.signal);
    probes.push(...crawled.probes);
    outcomes.push(...crawled.outcomes);
    if (crawled.cut !== undefined)
      ctx.onEvent({
        kind: 'warning',
        warning: { code: 'crawl-cut', message: `port ${port} was not crawled to the end: ${crawled.cut}` },
      });
  }
  return { probes, outcomes, startMs };
}

function closedText(session: Session, port: number): string {
  const exit = session.exit();
  const tail = session.transcript.tail().trim().split('\n').slice(-5).join('\n');
  return exit === undefined
    ? `port ${port} does not accept connections`
    : `the container ended with ${exitText(exit)}${tail === '' ? '' : `: ${tail}`}`;
}

/** What `/` answers once the server has settled, or all the time is over; undefined: this is no HTTP server. */
async function firstAnswer(session: Session, port: number, timeoutMs: number): Promise<Exchange | undefined> {
  const published = session.running.ports.find((mapping) => mapping.container === port);
  if (published === undefined) return undefined;
  const probe = { port, path: '/' };
  await session.mark(probeName({ http: probe }));
  const begin = session.elapsed();
  for (;;) {
    const left = Math.max(MIN_ANSWER_MS, Math.min(MAX_ANSWER_MS, timeoutMs - session.elapsed()));
    const asked = await withDeadline(session.ctx.signal, left, (limit) =>
      exchange(probe, published, limit, session.room),
    ).catch((error: unknown) => ({ failed: error }));
    throwIfCancelled(session.ctx.signal);
    const late = session.elapsed() - begin >= SETTLE_MS || session.elapsed() >= timeoutMs;
    const over = late || session.exit() !== undefined;
    if ('failed' in asked) {
      // Llhttp's codes: something answered, and not in HTTP.
      if (over || errnoOf(asked.failed)?.startsWith('HPE_') === true) return undefined;
    } else if (asked.status < FIRST_BROKEN_STATUS || over) return asked;
    await session.pause(PAUSE_MS);
  }
}
