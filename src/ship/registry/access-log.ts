import type { IncomingMessage } from 'node:http';

export interface AccessRecord {
  readonly req: IncomingMessage;
  readonly path: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
  readonly user?: string;
  /** Of what went wrong in the registry itself; clients are not told. */
  readonly failure?: string;
  readonly at: Date;
}

const MAX_TEXT_CHARS = 512;

/** One line of JSON for a request. Headers and queries are not in it: they may hold credentials. */
export function accessLine(record: AccessRecord): string {
  const { req } = record;
  const agent = req.headers['user-agent'];
  return JSON.stringify({
    time: record.at.toISOString(),
    remote: req.socket.remoteAddress ?? '',
    method: req.method ?? '',
    path: record.path.slice(0, MAX_TEXT_CHARS),
    status: record.status,
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    ms: Math.round(record.seconds * 1000),
    ...(record.user === undefined ? {} : { user: record.user.slice(0, MAX_TEXT_CHARS) }),
    ...(agent === undefined ? {} : { agent: agent.slice(0, MAX_TEXT_CHARS) }),
    ...(record.failure === undefined ? {} : { failure: record.failure.slice(0, MAX_TEXT_CHARS) }),
  });
}
