import type { Aggregate, Config, Provider, Route } from './config.ts';
import { faultOf, namesIn } from './template.ts';

/** Paths that are the gateway's own. */
export const OWN_PATHS = ['/healthz', '/readyz', '/metrics'] as const;
/** Beside the parts of an aggregate stands what went wrong with them. */
export const ERRORS_KEY = 'errors';

/** What the schema cannot say; each with its JSON path. */
export function check(config: Config): readonly string[] {
  const keys = new Map(
    config.Routes.flatMap((route) => (route.Key === undefined ? [] : [[route.Key, route] as const])),
  );
  return [
    ...config.Routes.flatMap((route, index) => ofRoute(route, `$.Routes[${index}]`, config)),
    ...config.Aggregates.flatMap((aggregate, index) => ofAggregate(aggregate, `$.Aggregates[${index}]`, keys)),
    ...twice(config),
    ...Object.entries(config.AuthenticationProviders).flatMap(([name, provider]) =>
      ofProvider(provider, `$.AuthenticationProviders[${JSON.stringify(name)}]`),
    ),
  ];
}

function ofRoute(route: Route, at: string, config: Config): readonly string[] {
  const { AuthenticationOptions: auth, DownstreamPathTemplate: down, UpstreamPathTemplate: up } = route;
  const provider = auth?.AuthenticationProviderKey;
  const isPart = config.Aggregates.some(({ RouteKeys }) => route.Key !== undefined && RouteKeys.includes(route.Key));
  const strange = isPart ? [] : namesIn(down).filter((name) => !namesIn(up).includes(name));
  return [
    ...upstream(up, `${at}.UpstreamPathTemplate`),
    ...fault(down, `${at}.DownstreamPathTemplate`),
    ...strange.map((name) => `${at}.DownstreamPathTemplate: {${name}} is not in UpstreamPathTemplate`),
    ...(provider === undefined || Object.hasOwn(config.AuthenticationProviders, provider)
      ? []
      : [`${at}.AuthenticationOptions.AuthenticationProviderKey: no provider is called ${provider}`]),
    ...(route.Key === ERRORS_KEY ? [`${at}.Key: ${ERRORS_KEY} is what an aggregate calls its failures`] : []),
  ];
}

function ofProvider({ Algorithm, Audience, Issuer, KeyEnv, KeyFile }: Provider, at: string): readonly string[] {
  return [
    ...((KeyEnv === undefined) === (KeyFile === undefined) ? [`${at}: needs either KeyFile or KeyEnv`] : []),
    // The key of an issuer signs for many.
    ...(Algorithm === 'RS256' && Issuer === undefined && Audience === undefined
      ? [`${at}: needs Issuer or Audience for ${Algorithm}`]
      : []),
  ];
}

function ofAggregate(aggregate: Aggregate, at: string, keys: ReadonlyMap<string, Route>): readonly string[] {
  const names = namesIn(aggregate.UpstreamPathTemplate);
  return [
    ...upstream(aggregate.UpstreamPathTemplate, `${at}.UpstreamPathTemplate`),
    ...aggregate.RouteKeys.flatMap((key, index) => {
      const route = keys.get(key);
      if (route === undefined) return [`${at}.RouteKeys[${index}]: no route has the key ${key}`];
      return namesIn(route.DownstreamPathTemplate)
        .filter((name) => !names.includes(name))
        .map((name) => `${at}.UpstreamPathTemplate: the route ${key} wants {${name}}`);
    }),
  ];
}

function upstream(text: string, at: string): readonly string[] {
  if (text.includes('?')) return [`${at}: a query is passed on by itself, and has no place here`];
  if (OWN_PATHS.some((own) => own === text)) return [`${at}: ${text} is the gateway's own`];
  // More of them would make matching slow, for somebody who knows how to ask.
  if (text.split('/').some((segment) => namesIn(segment).length > 1)) return [`${at}: two placeholders in one segment`];
  return fault(text, at);
}

function fault(text: string, at: string): readonly string[] {
  const found = faultOf(text);
  return found === undefined ? [] : [`${at}: ${found}`];
}

/** Two that answer the same, whatever their placeholders are called, and keys that two routes have. */
function twice({ Aggregates, Routes }: Config): readonly string[] {
  const seen = new Set<string>();
  const again = (what: string): boolean => seen.size === seen.add(what).size;
  const shape = (text: string): string => text.replace(/\{(?!everything\})[^{}]*\}/g, '{}');
  const ways = [
    ...Routes.map((route, index) => ({
      at: `$.Routes[${index}]`,
      template: route.UpstreamPathTemplate,
      methods: route.UpstreamHttpMethod.length === 0 ? ['any'] : route.UpstreamHttpMethod,
    })),
    ...Aggregates.map((aggregate, index) => ({
      at: `$.Aggregates[${index}]`,
      template: aggregate.UpstreamPathTemplate,
      methods: ['GET'],
    })),
  ];
  return [
    ...ways.flatMap(({ at, methods, template }) =>
      methods
        .filter((method) => again(`${method} ${shape(template)}`))
        .map((method) => `${at}.UpstreamPathTemplate: ${method} ${template} is there already`),
    ),
    ...Routes.flatMap(({ Key }, index) =>
      Key !== undefined && again(`key ${Key}`) ? [`$.Routes[${index}].Key: ${Key} is there already`] : [],
    ),
  ];
}
