import type { HostAndPort, QoS, Route } from './config.ts';

/** One downstream of a route, with what is known of how it does. */
export interface Downstream {
  readonly origin: string;
  readonly host: HostAndPort;
  /** Requests that it is answering. */
  active: number;
  failures: number;
  /** Until when it is left alone, on the clock of `now`; 0: it is not. */
  openUntil: number;
  /** The one request that finds out whether it is back. */
  trying: boolean;
}

export interface Balancer {
  readonly downstreams: readonly Downstream[];
  /** The next one, none of `tried` when there is another; undefined: all are left alone. Give it back by `done`. */
  take(tried: ReadonlySet<Downstream>): Downstream | undefined;
  /** `undefined`: it says nothing about the downstream. */
  done(downstream: Downstream, ok: boolean | undefined): void;
  /** Milliseconds until one of them is asked again. */
  retryAfterMs(): number;
}

/** Round robin or least connection, over those whose circuit is not open. `now` is in milliseconds. */
export function balancerOf(route: Route, now: () => number = () => performance.now()): Balancer {
  const downstreams = route.DownstreamHostAndPorts.map((host): Downstream => ({
    origin: `${route.DownstreamScheme}://${host.Host}:${host.Port}`,
    host,
    active: 0,
    failures: 0,
    openUntil: 0,
    trying: false,
  }));
  const qos = route.QoSOptions;
  let turn = 0;
  const isClosed = (one: Downstream): boolean => one.openUntil === 0 || (now() >= one.openUntil && !one.trying);
  const inTurn = (): readonly Downstream[] => {
    const start = turn % downstreams.length;
    if (route.LoadBalancerOptions.Type !== 'NoLoadBalancer') turn = (turn + 1) % downstreams.length;
    return [...downstreams.slice(start), ...downstreams.slice(0, start)];
  };
  return {
    downstreams,
    take(tried) {
      const usable = inTurn().filter(isClosed);
      const fresh = usable.filter((one) => !tried.has(one));
      const choice = fresh.length > 0 ? fresh : usable;
      const taken =
        route.LoadBalancerOptions.Type === 'LeastConnection'
          ? choice.reduce<Downstream | undefined>((a, b) => (a === undefined || b.active < a.active ? b : a), undefined)
          : choice[0];
      if (taken === undefined) return undefined;
      taken.active += 1;
      if (taken.openUntil !== 0) taken.trying = true;
      return taken;
    },
    done(downstream, ok) {
      downstream.active -= 1;
      downstream.trying = false;
      if (ok !== undefined) judge(downstream, ok, qos, now());
    },
    retryAfterMs: () => Math.max(0, Math.min(...downstreams.map(({ openUntil }) => openUntil)) - now()),
  };
}

/** The circuit opens after so many failures in a row, and after each failed try once it is open. */
function judge(downstream: Downstream, ok: boolean, qos: QoS, at: number): void {
  if (ok) {
    downstream.failures = 0;
    downstream.openUntil = 0;
    return;
  }
  downstream.failures += 1;
  if (downstream.failures >= qos.ExceptionsAllowedBeforeBreaking) downstream.openUntil = at + qos.DurationOfBreak;
}
