import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { gatewayModule, gatewayOffered, spawnGateway } from '../../helpers/gateway.ts';
import { tempDir } from '../../helpers/temp.ts';

const offered = gatewayOffered();
const HOSTS = [{ Host: 'a', Port: 80 }];
const route = (path: string, more: object = {}) => ({
  UpstreamPathTemplate: path,
  DownstreamPathTemplate: path,
  DownstreamHostAndPorts: HOSTS,
  ...more,
});
const one = (more: object) => ({ Routes: [route('/a', more)] });
const provider = (more: object) => ({ Routes: [], AuthenticationProviders: { 'a.b': more } });

interface Configs {
  parseConfig(text: string, env?: Readonly<Record<string, string>>): object;
}
interface Templates {
  parseTemplate(text: string): { match(path: string): unknown; readonly rank: string };
}

describe.skipIf(!offered)('the configuration of the gateway', () => {
  let parseConfig: Configs['parseConfig'];
  beforeAll(async () => {
    ({ parseConfig } = await gatewayModule<Configs>('config'));
  });

  it.each([
    ['{', '$: '],
    ['[]', '$: must be object'],
    [{}, "$: must have required property 'Routes'"],
    [{ Routes: [], Extra: 1 }, '$.Extra: unknown key'],
    [{ Routes: [{}] }, "$.Routes[0]: must have required property 'UpstreamPathTemplate'"],
    [{ Routes: [route('a')] }, '$.Routes[0].UpstreamPathTemplate: must match pattern'],
    [{ Routes: [route('/a?b={c}')] }, '$.Routes[0].UpstreamPathTemplate: a query is passed on by itself'],
    [{ Routes: [route('/{a}/{a}')] }, '$.Routes[0].UpstreamPathTemplate: a placeholder occurs twice'],
    [{ Routes: [route('/{everything}/a')] }, '{everything} can only be at the end'],
    [{ Routes: [route('/{a}{b}')] }, 'two placeholders in one segment'],
    [{ Routes: [route('/{a')] }, 'a brace is not closed'],
    [{ Routes: [route('/metrics')] }, "/metrics is the gateway's own"],
    [
      one({ DownstreamPathTemplate: '/{id}' }),
      '$.Routes[0].DownstreamPathTemplate: {id} is not in UpstreamPathTemplate',
    ],
    [one({ UpstreamHttpMethod: ['FETCH'] }), '$.Routes[0].UpstreamHttpMethod[0]: must be equal to one of'],
    [one({ DownstreamHostAndPorts: [{ Host: 'a/b', Port: 1 }] }), '$.Routes[0].DownstreamHostAndPorts[0].Host:'],
    [
      one({ DownstreamHostAndPorts: [{ Host: 'a', Port: 65536 }] }),
      '$.Routes[0].DownstreamHostAndPorts[0].Port: must be <=',
    ],
    [one({ LoadBalancerOptions: { Type: 'Random' } }), 'NoLoadBalancer, RoundRobin, LeastConnection'],
    [one({ RateLimitOptions: { Period: '1 s', Limit: 1 } }), '$.Routes[0].RateLimitOptions.Period:'],
    [one({ QoSOptions: { TimeoutValue: 0 } }), '$.Routes[0].QoSOptions.TimeoutValue: must be >= 1'],
    [one({ UpstreamHeaderTransform: { 'a b': 'c' } }), '$.Routes[0].UpstreamHeaderTransform:'],
    [one({ UpstreamHeaderTransform: { a: 'b\r\nc: d' } }), '$.Routes[0].UpstreamHeaderTransform.a: must match'],
    [one({ AuthenticationOptions: { AuthenticationProviderKey: 'x' } }), 'no provider is called x'],
    [{ Routes: [route('/{a}'), route('/{b}')] }, '$.Routes[1].UpstreamPathTemplate: any /{b} is there already'],
    [{ Routes: [route('/a', { Key: 'k' }), route('/b', { Key: 'k' })] }, '$.Routes[1].Key: k is there already'],
    [one({ Key: 'errors' }), '$.Routes[0].Key: errors is what'],
    [
      { Routes: [], Aggregates: [{ RouteKeys: ['x'], UpstreamPathTemplate: '/x' }] },
      '$.Aggregates[0].RouteKeys[0]: no route has',
    ],
    [
      { Routes: [route('/a/{id}', { Key: 'k' })], Aggregates: [{ RouteKeys: ['k'], UpstreamPathTemplate: '/x' }] },
      '$.Aggregates[0].UpstreamPathTemplate: the route k wants {id}',
    ],
    [provider({ Algorithm: 'none', KeyEnv: 'A' }), '$.AuthenticationProviders["a.b"].Algorithm: must be equal'],
    [provider({ Algorithm: 'HS256' }), '$.AuthenticationProviders["a.b"]: needs either KeyFile or KeyEnv'],
    [provider({ Algorithm: 'RS256', KeyEnv: 'A' }), 'needs Issuer or Audience for RS256'],
    [{ Routes: [route('/${MISSING}')] }, '$.Routes[0].UpstreamPathTemplate: the variable MISSING is not set'],
  ])('refuses %j', (config, why) => {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    expect(() => parseConfig(text, {})).toThrow(why);
  });

  it('tells all that is wrong, and fills in what is not said', () => {
    expect(() => parseConfig(JSON.stringify({ Routes: [{}, {}] }))).toThrow(/\$\.Routes\[0\][^]*\$\.Routes\[1\]/);
    const text = JSON.stringify({
      Routes: [route('/${WHERE:-x}', { DownstreamHostAndPorts: [{ Host: '${HOST}', Port: 1 }] })],
    });
    expect(parseConfig(text, { HOST: 'h' })).toMatchObject({
      Routes: [
        {
          UpstreamPathTemplate: '/x',
          DownstreamScheme: 'http',
          DownstreamHostAndPorts: [{ Host: 'h', Port: 1 }],
          LoadBalancerOptions: { Type: 'RoundRobin' },
          QoSOptions: { TimeoutValue: 10_000, Retries: 0 },
        },
      ],
      Aggregates: [],
      GlobalConfiguration: { RequestIdKey: 'X-Request-Id', CacheOptions: { MaxEntries: 1000 } },
    });
  });

  it('matches templates as they are meant', async () => {
    const { parseTemplate } = await gatewayModule<Templates>('template');
    const match = (template: string, path: string) => parseTemplate(template).match(path);
    expect(match('/a.b/{id}', '/a.b/1%20')).toEqual({ id: '1%20' });
    expect(match('/a.b/{id}', '/axb/1')).toBeUndefined();
    expect(match('/a/{id}', '/a/1/2')).toBeUndefined();
    expect(match('/a/{id}', '/a/')).toBeUndefined();
    expect(match('/a/{everything}', '/a/1/2')).toEqual({ everything: '1/2' });
    expect(match('/a/v{id}.json', '/a/v2.json')).toEqual({ id: '2' });
  });

  it('ends at once with a configuration that cannot be used, or a key that is too weak', async () => {
    const dir = tempDir();
    const file = join(dir, 'gateway.json');
    for (const [config, why] of [
      [{ Routes: [{}] }, '$.Routes[0]: must have'],
      [{ Routes: [], AuthenticationProviders: { B: { Algorithm: 'HS256', KeyEnv: 'HOST' } } }, 'at least 32 bytes'],
      [{ Routes: [], AuthenticationProviders: { B: { Algorithm: 'HS256', KeyFile: join(dir, 'none') } } }, 'ENOENT'],
    ] as const) {
      writeFileSync(file, JSON.stringify(config));
      const gateway = spawnGateway(file);
      expect(await gateway.ended()).toBe(2);
      expect(gateway.lines.at(-1)).toMatchObject({ msg: 'cannot start', file, reason: expect.stringContaining(why) });
    }
  });
});
