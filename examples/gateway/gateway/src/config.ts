import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Ajv, type ErrorObject } from 'ajv';
import { check } from './check-config.ts';

/** As in gateway.schema.json, with every default filled in. Times are milliseconds unless the name says otherwise. */
export interface Config {
  readonly Routes: readonly Route[];
  readonly Aggregates: readonly Aggregate[];
  readonly AuthenticationProviders: Readonly<Record<string, Provider>>;
  readonly GlobalConfiguration: {
    readonly BaseUrl: string;
    readonly RequestIdKey: string;
    readonly MaxRequestBodyBytes: number;
    readonly CacheOptions: { readonly MaxEntries: number; readonly MaxBytes: number };
  };
}

export interface Route {
  readonly Key?: string;
  readonly UpstreamPathTemplate: string;
  /** Empty: any. */
  readonly UpstreamHttpMethod: readonly string[];
  readonly DownstreamPathTemplate: string;
  readonly DownstreamScheme: 'http' | 'https';
  readonly DownstreamHostAndPorts: readonly HostAndPort[];
  readonly LoadBalancerOptions: { readonly Type: 'NoLoadBalancer' | 'RoundRobin' | 'LeastConnection' };
  readonly RateLimitOptions?: { readonly Period: string; readonly Limit: number; readonly ClientIdHeader?: string };
  readonly QoSOptions: QoS;
  readonly FileCacheOptions?: { readonly TtlSeconds: number };
  readonly AuthenticationOptions?: {
    readonly AuthenticationProviderKey: string;
    readonly AllowedScopes: readonly string[];
  };
  readonly UpstreamHeaderTransform: Readonly<Record<string, string>>;
  readonly DownstreamHeaderTransform: Readonly<Record<string, string>>;
}

export interface HostAndPort {
  readonly Host: string;
  readonly Port: number;
}

export interface QoS {
  readonly TimeoutValue: number;
  readonly Retries: number;
  readonly ExceptionsAllowedBeforeBreaking: number;
  readonly DurationOfBreak: number;
}

export interface Aggregate {
  readonly RouteKeys: readonly string[];
  readonly UpstreamPathTemplate: string;
}

export interface Provider {
  readonly Algorithm: 'HS256' | 'RS256';
  readonly KeyFile?: string;
  readonly KeyEnv?: string;
  readonly Issuer?: string;
  readonly Audience?: string;
}

/** A configuration that cannot be used; each line of the message begins with a JSON path. */
export class ConfigError extends Error {}

const MAX_BYTES = 4 * 1024 * 1024; // 4 MiB
const MAX_TOLD = 20;

const schema = JSON.parse(readFileSync(new URL('../gateway.schema.json', import.meta.url), 'utf8')) as object;
const suits = new Ajv({ allErrors: true, useDefaults: true }).compile<Config>(schema);

/** `${NAME}` in texts is a variable of the environment, `${NAME:-text}` has a default. @throws ConfigError */
export function parseConfig(text: string, env: NodeJS.ProcessEnv = process.env): Config {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new ConfigError(`$: larger than ${MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = filled(JSON.parse(text), env, '$');
  } catch (error) {
    if (error instanceof SyntaxError) throw new ConfigError(`$: ${error.message}`);
    throw error;
  }
  if (!suits(value)) throw new ConfigError(told((suits.errors ?? []).map(lineOf)));
  const wrong = check(value);
  if (wrong.length > 0) throw new ConfigError(told(wrong));
  return value;
}

function filled(value: unknown, env: NodeJS.ProcessEnv, at: string): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, otherwise: string | undefined) => {
      const found = env[name] ?? otherwise;
      if (found === undefined) throw new ConfigError(`${at}: the variable ${name} is not set`);
      return found;
    });
  if (Array.isArray(value)) return value.map((each, index) => filled(each, env, `${at}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, filled(each, env, `${at}${memberOf(key)}`)]),
  );
}

function lineOf({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((at, part) => (/^\d+$/.test(part) ? `${at}[${part}]` : `${at}${memberOf(part)}`), '$');
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (additionalProperty !== undefined) return `${place}${memberOf(additionalProperty)}: unknown key`;
  const list = allowedValues === undefined ? '' : `: ${allowedValues.join(', ')}`;
  return `${place}: ${message ?? 'wrong'}${list}`;
}

function memberOf(key: string): string {
  return /^[A-Za-z_$]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function told(lines: readonly string[]): string {
  const more = lines.length - MAX_TOLD;
  return [...lines.slice(0, MAX_TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
