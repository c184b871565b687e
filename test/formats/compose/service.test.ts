import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/formats/compose/draft.ts';
import { draftOf } from './drafts.ts';

type Part = (draft: Draft) => unknown;

const read = (lines: string): Draft => draftOf(`image: i\n${lines}`).draft;

const TABLE: readonly (readonly [string, Part, unknown])[] = [
  ['command: echo "a b" \'c d\' e\\ f', (d) => d.service.command, ['echo', 'a b', 'c d', 'e f']],
  ['command: [echo, 1, true]', (d) => d.service.command, ['echo', '1', 'true']],
  ['command: []', (d) => d.service.command, []],
  ["command: ''", (d) => d.service.command, []],
  ['command:', (d) => d.service.command, undefined],
  ['entrypoint: /bin/x', (d) => d.service.entrypoint, ['/bin/x']],
  ['user: 1000', (d) => d.service.user, '1000'],
  ['user: "1000:1000"', (d) => d.service.user, '1000:1000'],
  ['working_dir: /srv', (d) => d.service.workingDir, '/srv'],
  ['read_only: yes', (d) => d.service.readOnly, true],
  ['read_only: "${NONE:-false}"', (d) => d.service.readOnly, false],
  ['tty: true', (d) => d.service.tty, true],
  ['stop_signal: SIGINT', (d) => d.service.stopSignal, 'SIGINT'],
  ['stop_grace_period: 1m30s', (d) => d.service.stopGraceMs, 90_000],
  ['stop_grace_period: 1d12h', (d) => d.service.stopGraceMs, 129_600_000],
  ['stop_grace_period: 500ms', (d) => d.service.stopGraceMs, 500],
  ['x-none: 1', (d) => d.service.stopGraceMs, 10_000],
  ['x-none: {a: [1]}', (d) => d.service.extensions, { 'x-none': { a: [1] } }],
  ['restart: always', (d) => d.service.restart, { policy: 'always' }],
  ['restart: "no"', (d) => d.service.restart, { policy: 'no' }],
  ['restart: no', (d) => d.service.restart, { policy: 'no' }],
  ['restart: on-failure', (d) => d.service.restart, { policy: 'on-failure' }],
  ['restart: on-failure:3', (d) => d.service.restart, { policy: 'on-failure', retries: 3 }],
  ['deploy: {restart_policy: {condition: any}}', (d) => d.service.restart, { policy: 'always' }],
  [
    'restart: always\ndeploy: {restart_policy: {condition: on-failure, max_attempts: 2}}',
    (d) => d.service.restart,
    { policy: 'on-failure', retries: 2 },
  ],
  ['scale: 3', (d) => d.service.replicas, 3],
  ['deploy: {replicas: 2}', (d) => d.service.replicas, 2],
  [
    'deploy: {resources: {limits: {cpus: "0.5", memory: 64m}, reservations: {memory: 1gb}}}',
    (d) => [d.service.limits, d.service.reservations],
    [{ cpus: 0.5, memory: 67_108_864 }, { memory: 1_073_741_824 }],
  ],
  ['mem_limit: 1.5k\ncpus: 2', (d) => d.service.limits, { cpus: 2, memory: 1536 }],
  ['cap_add: [sys_ptrace, CAP_KILL, ALL]', (d) => d.service.capAdd, ['CAP_SYS_PTRACE', 'CAP_KILL', 'ALL']],
  ['security_opt: ["no-new-privileges:true"]', (d) => d.service.noNewPrivileges, true],
  ['security_opt: [no-new-privileges]', (d) => d.service.noNewPrivileges, true],
  ['security_opt: ["no-new-privileges=false"]', (d) => d.service.noNewPrivileges, false],
  [
    'extra_hosts: ["a:1.2.3.4", "b=::1", "a=5.6.7.8"]',
    (d) => d.service.extraHosts,
    ['a:1.2.3.4', 'a:5.6.7.8', 'b:::1'],
  ],
  ['extra_hosts: {a: host-gateway}', (d) => d.service.extraHosts, ['a:host-gateway']],
  ['labels: [b=1, a]', (d) => d.service.labels, { a: '', b: '1' }],
  ['labels: {a: 1, b: true, c: 2001-01-01}', (d) => d.service.labels, { a: '1', b: 'true', c: '2001-01-01' }],
  [
    'environment: {N: 1.10, I: 12345678901234567890, O: 0777, X: 0x1f, T: true, Y: yes, D: 2001-12-14, E: "", U: ~}',
    (d) => Object.fromEntries(d.environment),
    { D: '2001-12-14', E: '', I: '12345678901234567890', N: '1.1', O: '511', T: 'true', U: null, X: '31', Y: 'yes' },
  ],
  ['environment: [A=1=2, B=, C]', (d) => Object.fromEntries(d.environment), { A: '1=2', B: '', C: null }],
  ['environment: {__proto__: x}', (d) => [...d.environment], [['__proto__', 'x']]],
  ['expose: ["80", 90, "100-102", "53/udp", "80/tcp"]', (d) => d.service.expose, [80, 90, 100, 101, 102]],
  ['profiles: [a, b]', (d) => d.service.profiles, ['a', 'b']],
  ['healthcheck: {test: curl x}', (d) => d.service.healthcheck, { disabled: false, argv: ['/bin/sh', '-c', 'curl x'] }],
  ['healthcheck: {test: [CMD, a, b]}', (d) => d.service.healthcheck?.argv, ['a', 'b']],
  ['healthcheck: {test: [CMD-SHELL, a b]}', (d) => d.service.healthcheck?.argv, ['/bin/sh', '-c', 'a b']],
  ['healthcheck: {test: [NONE]}', (d) => d.service.healthcheck, { disabled: true }],
  ['healthcheck: {disable: true}', (d) => d.service.healthcheck, { disabled: true }],
  [
    'healthcheck: {interval: 1m30s, timeout: 10, retries: 3, start_period: 1h, start_interval: 1s}',
    (d) => d.service.healthcheck,
    {
      disabled: false,
      intervalMs: 90_000,
      timeoutMs: 10_000,
      retries: 3,
      startPeriodMs: 3_600_000,
      startIntervalMs: 1000,
    },
  ],
  [
    'depends_on: {b: {condition: service_healthy, required: false, restart: true}, a: }',
    (d) => d.service.dependsOn,
    [
      { service: 'a', condition: 'service_started', required: true, restart: false },
      { service: 'b', condition: 'service_healthy', required: false, restart: true },
    ],
  ],
  ['x-a: 1', (d) => d.service.networks, [{ name: 'default', aliases: [] }]],
  ['container_name: own', (d) => d.service.networks, [{ name: 'default', aliases: ['own'] }]],
  ['network_mode: none', (d) => d.service.networks, []],
  ['network_mode: bridge', (d) => d.service.networks, [{ name: 'default', aliases: [] }]],
  [
    'networks: {z: , a: {aliases: [x, x], ipv4_address: 10.0.0.2}}',
    (d) => d.service.networks,
    [
      { name: 'a', aliases: ['x'], ipv4Address: '10.0.0.2' },
      { name: 'z', aliases: [] },
    ],
  ],
  [
    'env_file: [a.env, {path: ~/b.env, required: false, format: raw}]',
    (d) => d.envFiles.map(({ spot: _spot, ...rest }) => rest),
    [
      { path: '/project/a.env', required: true, raw: false },
      { path: '/home/me/b.env', required: false, raw: true },
    ],
  ],
  ['env_file: {path: a.env}', (d) => d.envFiles.map(({ path }) => path), ['/project/a.env']],
  [
    'secrets: [a, {source: b, target: c, mode: 0440, uid: "1", gid: 2}, {source: d, target: /d, mode: "0400"}]',
    (d) => d.grants.map(({ spot: _spot, ...rest }) => rest),
    [
      { of: 'secret', name: 'a', target: '/run/secrets/a', mode: 0o444, uid: 0, gid: 0 },
      { of: 'secret', name: 'b', target: '/run/secrets/c', mode: 0o440, uid: 1, gid: 2 },
      { of: 'secret', name: 'd', target: '/d', mode: 0o400, uid: 0, gid: 0 },
    ],
  ],
  ['configs: [a]', (d) => d.grants.map(({ target }) => target), ['/a']],
  ['build: ./x', (d) => d.build?.context, '/project/x'],
  ['build: https://github.com/a/b.git#main:x', (d) => d.build?.context, 'https://github.com/a/b.git#main:x'],
  [
    'build: {context: x, dockerfile: y/Dockerfile, target: t, no_cache: true, platforms: [linux/amd64], tags: [a]}',
    (d) => d.build,
    {
      context: '/project/x',
      dockerfile: '/project/x/y/Dockerfile',
      args: {},
      target: 't',
      additionalContexts: {},
      labels: {},
      noCache: true,
      platforms: ['linux/amd64'],
      tags: ['a'],
    },
  ],
  ['build: {args: [SET, NONE, A=1]}', (d) => d.build?.args, { A: '1', SET: 'value' }],
  ['build: {dockerfile_inline: "FROM scratch"}', (d) => d.build?.dockerfileInline, 'FROM scratch'],
  [
    'build: {context: ., additional_contexts: [a=../a, b=docker-image://x]}',
    (d) => d.build?.additionalContexts,
    { a: '/a', b: 'docker-image://x' },
  ],
];

const bind = { kind: 'bind', at: 'compose.yaml:4', readOnly: false, create: true };
const volume = { kind: 'volume', at: 'compose.yaml:4', readOnly: false, noCopy: false };
const MOUNTS: readonly (readonly [string, unknown])[] = [
  ['data:/d', { ...volume, volume: 'data', target: '/d' }],
  ['data:/d:ro', { ...volume, volume: 'data', target: '/d', readOnly: true }],
  ['"data:/d:nocopy,z"', { ...volume, volume: 'data', target: '/d', noCopy: true }],
  ['/d', { ...volume, target: '/d' }],
  ['./x:/d', { ...bind, source: '/project/x', target: '/d' }],
  ['..:/d/', { ...bind, source: '/', target: '/d' }],
  ['~/x:/d:ro', { ...bind, source: '/home/me/x', target: '/d', readOnly: true }],
  ['/x/../y:/d', { ...bind, source: '/y', target: '/d' }],
  [
    '{type: volume, source: v, target: /d, volume: {nocopy: true}}',
    { ...volume, volume: 'v', target: '/d', noCopy: true },
  ],
  ['{type: bind, source: x, target: /d}', { ...bind, source: '/project/x', target: '/d' }],
  [
    '{type: bind, source: x, target: /d, bind: {create_host_path: false}}',
    { ...bind, source: '/project/x', target: '/d', create: false },
  ],
  [
    '{type: tmpfs, target: /d, tmpfs: {size: 1m, mode: 0700}}',
    { kind: 'tmpfs', at: 'compose.yaml:4', target: '/d', size: 1_048_576, mode: 0o700 },
  ],
];

describe('readService', () => {
  it.each(TABLE)('%s', (lines, part, expected) => {
    expect(part(read(lines))).toEqual(expected);
  });

  it.each(MOUNTS)('mounts %s', (text, expected) => {
    expect(read(`volumes: [${text}]`).service.mounts).toEqual([expected]);
  });

  it('mounts tmpfs', () => {
    expect(read('tmpfs: [/a, "/b:size=64m,mode=1777"]').service.mounts).toEqual([
      { kind: 'tmpfs', at: 'compose.yaml:4', target: '/a' },
      { kind: 'tmpfs', at: 'compose.yaml:4', target: '/b', size: 67_108_864, mode: 0o1777 },
    ]);
  });
});
