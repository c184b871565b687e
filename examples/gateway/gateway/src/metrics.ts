import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof openMetrics>;

/** Labels are templates, never paths: there are no more of them than the configuration has. */
export function openMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Counter({
      name: 'gateway_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'gateway_request_seconds',
      help: 'From the first byte of a request to the last one of its answer.',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    active: new Gauge({ name: 'gateway_active_requests', help: 'Requests that are being answered.', registers }),
    downstream: new Counter({
      name: 'gateway_downstream_requests_total',
      help: 'Requests to downstreams; the outcome is a class of status, timeout or unreachable.',
      labelNames: ['origin', 'outcome'],
      registers,
    }),
    retries: new Counter({
      name: 'gateway_retries_total',
      help: 'Further tries of requests that failed.',
      labelNames: ['route'],
      registers,
    }),
    rejected: new Counter({
      name: 'gateway_circuit_rejections_total',
      help: 'Requests that no downstream was asked for, because all of them had been failing.',
      labelNames: ['route'],
      registers,
    }),
    cache: new Counter({
      name: 'gateway_cache_total',
      help: 'Questions to the cache.',
      labelNames: ['route', 'result'],
      registers,
    }),
    reloads: new Counter({
      name: 'gateway_config_reloads_total',
      help: 'New configurations, taken or refused.',
      labelNames: ['result'],
      registers,
    }),
  };
}
