import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { probeOfValue } from '../../../src/sandbox/probes/parse.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(ROOT, 'examples/gateway');

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string;
        readonly build: string;
        readonly ports?: readonly string[];
        readonly networks: readonly string[] | Readonly<Record<string, unknown>>;
        readonly healthcheck: { readonly test: readonly string[] };
        readonly read_only: boolean;
        readonly cap_drop: readonly string[];
      }
    >
  >;
  readonly 'x-tare': { readonly probes: readonly (Readonly<Record<string, unknown>> & { readonly service: string })[] };
}

const compose = parse(readFileSync(join(FOLDER, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const probes = compose['x-tare'].probes.map(({ service, ...probe }) => ({
  service,
  ...probeOfValue(probe, 'compose.yaml'),
}));
const networksOf = (name: string): readonly string[] => {
  const { networks } = compose.services[name] ?? { networks: [] };
  return Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks);
};

describe('examples/gateway/compose.yaml', () => {
  it('is what script/gateway builds', () => {
    const listed = execFileSync(join(ROOT, 'script/gateway'), ['--list'], { encoding: 'utf8' });
    expect(listed).toBe(services.map(([name, { image }]) => `${name}\t${image}\n`).join(''));
  });

  it.each(services)('%s runs as a user of its own, and cannot change its image', (_name, service) => {
    const dockerfile = readFileSync(join(FOLDER, service.build, 'Dockerfile'), 'utf8');
    expect(dockerfile.split(/^FROM /m).at(-1)).toMatch(/^USER (?!root|0\b)/m);
    expect([service.read_only, service.cap_drop]).toEqual([true, ['ALL']]);
    expect(service.healthcheck.test[0]).toBe('CMD');
    expect(service.healthcheck.test.join(' ')).not.toMatch(/curl|wget/);
  });

  it('lets nobody but the gateway be reached, and nobody but customers reach the database', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['gateway']);
    const on = (network: string) => services.flatMap(([name]) => (networksOf(name).includes(network) ? [name] : []));
    expect(on('edge')).toEqual(['gateway']);
    expect(on('data')).toEqual(['customers', 'db']);
  });

  it('asks every route and aggregate of the gateway', () => {
    const config = JSON.parse(readFileSync(join(FOLDER, 'gateway/config/gateway.json'), 'utf8')) as {
      readonly Routes: readonly {
        readonly UpstreamPathTemplate: string;
        readonly UpstreamHttpMethod: readonly string[];
      }[];
      readonly Aggregates: readonly { readonly UpstreamPathTemplate: string }[];
    };
    const ways = [
      ...config.Routes.flatMap((route) =>
        route.UpstreamHttpMethod.map((method) => [method, route.UpstreamPathTemplate] as const),
      ),
      ...config.Aggregates.map((aggregate) => ['GET', aggregate.UpstreamPathTemplate] as const),
      ...['/healthz', '/readyz', '/metrics'].map((path) => ['GET', path] as const),
    ];
    const asked = probes.flatMap((probe) =>
      'http' in probe ? [{ method: probe.http.method ?? 'GET', path: probe.http.path, status: probe.http.status }] : [],
    );
    const missing = ways.filter(([method, template]) => {
      const pattern = new RegExp(`^${template.replace('{everything}', '.+').replace(/\{\w+\}/g, '[^/]+')}$`);
      return !asked.some(
        ({ path, status, ...one }) => one.method === method && pattern.test(path) && Number(status) < 300,
      );
    });
    expect(missing).toEqual([['GET', '/limited']]);
    expect(probes.every(({ service }) => service === 'gateway')).toBe(true);
  });
});
