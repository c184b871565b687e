import type { RouteKind } from './route.ts';

/** Counters since the start of the server. */
export interface Metrics {
  observe(request: {
    readonly route: RouteKind | 'none';
    readonly method: string;
    readonly status: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly seconds: number;
  }): void;
  /** Prometheus text format 0.0.4. */
  text(gauges: Readonly<Record<string, Gauge>>): string;
}

export interface Gauge {
  readonly help: string;
  readonly value: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createMetrics(): Metrics {
  // Labels come from closed sets: nobody can make this grow.
  const requests = new Map<string, { count: number; seconds: number }>();
  let bytesIn = 0;
  let bytesOut = 0;
  return {
    observe: (request) => {
      const method = METHODS.has(request.method) ? request.method : 'other';
      const labels = `route="${request.route}",method="${method}",status="${request.status}"`;
      const row = requests.get(labels) ?? { count: 0, seconds: 0 };
      requests.set(labels, { count: row.count + 1, seconds: row.seconds + request.seconds });
      bytesIn += request.bytesIn;
      bytesOut += request.bytesOut;
    },
    text: (gauges) => {
      const rows = [...requests].sort(([a], [b]) => (a < b ? -1 : 1));
      return [
        ...family(
          'requests_total',
          'counter',
          'requests that were answered',
          rows.map(([labels, row]): Sample => [labels, row.count]),
        ),
        ...family(
          'request_seconds_total',
          'counter',
          'time that requests took, in seconds',
          rows.map(([labels, row]): Sample => [labels, row.seconds]),
        ),
        ...family('received_bytes_total', 'counter', 'bytes from clients', [['', bytesIn]]),
        ...family('sent_bytes_total', 'counter', 'bytes to clients', [['', bytesOut]]),
        ...Object.entries(gauges).flatMap(([name, gauge]) => family(name, 'gauge', gauge.help, [['', gauge.value]])),
        '',
      ].join('\n');
    },
  };
}

type Sample = readonly [labels: string, value: number];

function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  const full = `tare_registry_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([labels, value]) => `${full}${labels === '' ? '' : `{${labels}}`} ${value}`),
  ];
}
