import { balancerOf, type Balancer } from './balancer.ts';
import type { Aggregate, Config, Route } from './config.ts';
import { parseTemplate, type Template } from './template.ts';

/** Counts a request of a client, and tells how long to wait when there have been too many. */
export type Limiter<R> = (request: R) => Promise<{ readonly waitSeconds: number } | undefined>;

export interface CompiledRoute extends Route {
  readonly balancer: Balancer;
}

interface Way {
  readonly template: Template;
  readonly methods: readonly string[];
}

/** Where a request may go. */
export type Target = Way &
  (
    | { readonly kind: 'route'; readonly route: CompiledRoute }
    | { readonly kind: 'aggregate'; readonly parts: readonly { readonly key: string; readonly route: CompiledRoute }[] }
  );

export type Found =
  | { readonly target: Target; readonly values: Readonly<Record<string, string>> }
  /** The path is known, the method is not: those that are. */
  | { readonly allow: readonly string[] }
  | undefined;

export interface Table {
  readonly routes: readonly CompiledRoute[];
  find(method: string, path: string): Found;
}

export function tableOf(config: Config): Table {
  const routes = config.Routes.map((route): CompiledRoute => ({ ...route, balancer: balancerOf(route) }));
  const targets: readonly Target[] = [
    ...routes.map((route): Target => ({
      kind: 'route',
      route,
      template: parseTemplate(route.UpstreamPathTemplate),
      methods: route.UpstreamHttpMethod,
    })),
    ...config.Aggregates.map((aggregate): Target => ({
      kind: 'aggregate',
      parts: partsOf(aggregate, routes),
      template: parseTemplate(aggregate.UpstreamPathTemplate),
      methods: ['GET'],
    })),
  ].toSorted((a, b) => (a.template.rank < b.template.rank ? 1 : a.template.rank > b.template.rank ? -1 : 0));
  return { routes, find: (method, path) => find(targets, method, path) };
}

function partsOf(aggregate: Aggregate, routes: readonly CompiledRoute[]) {
  return aggregate.RouteKeys.flatMap((key) => {
    const route = routes.find(({ Key }) => Key === key);
    return route === undefined ? [] : [{ key, route }];
  });
}

function find(targets: readonly Target[], method: string, path: string): Found {
  const allow = new Set<string>();
  for (const target of targets) {
    const values = target.template.match(path);
    if (values === undefined) continue;
    if (target.methods.length === 0 || target.methods.includes(method)) return { target, values };
    if (method === 'HEAD' && target.methods.includes('GET')) return { target, values };
    for (const each of target.methods) allow.add(each);
  }
  return allow.size === 0 ? undefined : { allow: [...allow].toSorted() };
}

/** In milliseconds: of `500ms`, `1s`, `5m`, `1h`. */
export function periodMs(period: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const [, count, unit] = /^(\d+)(\D+)$/.exec(period) ?? [];
  return Number(count) * (units[unit ?? ''] ?? 1);
}
