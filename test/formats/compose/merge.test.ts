import { describe, expect, it } from 'vitest';
import { merged } from './drafts.ts';

const service = (lines: string): string => `services:\n  a:\n${lines.replaceAll(/^/gm, '    ')}\n`;

/** 13-merge.md: what a service says in one file, in the next, and together. */
const TABLE: readonly (readonly [string, string, string, unknown])[] = [
  ['a text replaces', 'image: a', 'image: b', { image: 'b' }],
  ['maps are merged', 'x-a: {b: 1, c: {d: 1}}', 'x-a: {c: {e: 2}}', { 'x-a': { b: 1, c: { d: 1, e: 2 } } }],
  ['lists are appended', 'x-a: [1]', 'x-a: [1, 2]', { 'x-a': [1, 1, 2] }],
  ['nothing says nothing', 'image: a', 'image:', { image: 'a' }],
  ['commands are replaced', 'command: [a, b]', 'command: [c]', { command: ['c'] }],
  ['entry points are replaced', 'entrypoint: [a, b]', 'entrypoint: c', { entrypoint: 'c' }],
  [
    'tests are replaced',
    'healthcheck: {test: [CMD, a], retries: 2}',
    'healthcheck: {test: [CMD, b]}',
    { healthcheck: { test: ['CMD', 'b'], retries: 2 } },
  ],
  [
    'variables in both forms',
    'environment: [A=1, B=2]',
    'environment: {B: 3, C: 4}',
    { environment: { A: '1', B: 3, C: 4 } },
  ],
  ['a variable without a value', 'environment: {A: 1}', 'environment: [A]', { environment: { A: null } }],
  ['labels', 'labels: [a=1]', 'labels: {a: 2}', { labels: { a: 2 } }],
  [
    'ports by address, target, published and protocol',
    'ports: ["80:80", "81:81/udp"]',
    'ports: ["80:80", "127.0.0.1:80:80", "81:81", {target: 81, published: 81, protocol: udp}]',
    { ports: ['80:80', { target: 81, published: 81, protocol: 'udp' }, '127.0.0.1:80:80', '81:81'] },
  ],
  [
    'volumes by target',
    'volumes: ["foo:/work", "x:/x"]',
    'volumes: ["bar:/work/"]',
    { volumes: ['bar:/work/', 'x:/x'] },
  ],
  [
    'long volumes of one target are merged',
    'volumes: [{type: bind, source: ./a, target: /w}]',
    'volumes: [{target: /w, read_only: true}]',
    { volumes: [{ type: 'bind', source: './a', target: '/w', read_only: true }] },
  ],
  [
    'secrets by target',
    'secrets: [a, {source: b, target: c}]',
    'secrets: [{source: d, target: c}, {source: e, target: /run/secrets/a}]',
    {
      secrets: [
        { source: 'e', target: '/run/secrets/a' },
        { source: 'd', target: 'c' },
      ],
    },
  ],
  ['configs by target', 'configs: [a]', 'configs: [a, b]', { configs: ['a', 'b'] }],
  ['build in both forms', 'build: ./a', 'build: {args: [X=1]}', { build: { context: './a', args: { X: '1' } } }],
  [
    'dependencies in both forms',
    'depends_on: {b: {condition: service_healthy}}',
    'depends_on: [b, c]',
    { depends_on: { b: { condition: 'service_healthy' }, c: null } },
  ],
  ['networks in both forms', 'networks: [b]', 'networks: {b: {aliases: [x]}}', { networks: { b: { aliases: ['x'] } } }],
  ['one or several', 'dns: 1.1.1.1', 'dns: [8.8.8.8, 1.1.1.1]', { dns: ['1.1.1.1', '8.8.8.8'] }],
  ['files of variables', 'env_file: a', 'env_file: [b]', { env_file: ['a', 'b'] }],
  ['what cannot be merged is replaced', 'command: a', 'command: [b]', { command: ['b'] }],
  ['!reset of a list', 'image: a\nports: ["80:80"]', 'ports: !reset []', { image: 'a' }],
  ['!reset in a map', 'environment: {A: 1, B: 2}', 'environment: {A: !reset null}', { environment: { B: 2 } }],
  ['!reset of nothing', 'image: a', 'ports: !reset []', { image: 'a' }],
  ['!override of a list', 'ports: ["80:80"]', 'ports: !override ["81:81"]', { ports: ['81:81'] }],
  ['!override of a map', 'environment: {A: 1}', 'environment: !override {B: 2}', { environment: { B: 2 } }],
  ['!override of a text', 'image: a', 'image: !override b', { image: 'b' }],
];

describe('merging', () => {
  it.each(TABLE)('%s', (_name, first, second, expected) => {
    expect(merged(service(first), service(second))).toEqual({ services: { a: expected } });
  });

  it('merges merge keys and anchors first', () => {
    const text = `x-base: &base {image: a, environment: &env {A: 1, B: 1}}
x-more: &more {image: b, tty: true}
services:
  one: {<<: *base, image: c}
  two: {<<: [*base, *more]}
  three:
    <<: *base
    environment: {<<: *env, B: 2}`;
    expect(merged(text)).toMatchObject({
      services: {
        one: { image: 'c', environment: { A: 1, B: 1 } },
        two: { image: 'a', tty: true, environment: { A: 1, B: 1 } },
        three: { image: 'a', environment: { A: 1, B: 2 } },
      },
    });
  });

  it('is associative over three files', () => {
    const files = ['ports: ["1:1"]\ncommand: a', 'ports: ["2:2"]', 'ports: ["1:1", "3:3"]\ncommand: [b]'].map(service);
    expect(merged(...files)).toEqual({ services: { a: { ports: ['1:1', '2:2', '3:3'], command: ['b'] } } });
  });
});
