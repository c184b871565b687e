import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../src/explain/inspect.ts';
import type { RunConfig } from '../../src/oci/types.ts';
import { inspectText } from '../../src/report/inspect.ts';
import { createStyle } from '../../src/report/style.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

const NOTHING: Inspection['findings'] = {
  libc: [],
  go: [],
  packages: [],
  user: { text: '', uid: 0, root: true },
  special: [],
  secrets: [],
  certificates: [],
  missing: [],
  age: { created: null, newest: null, base: null, parts: [] },
  counts: { runtimes: 0, go: 0, special: 0, secrets: 0, unsearched: 0, certificates: 0, missing: 0 },
};

function shown(config: RunConfig, columns?: number, findings: Partial<Inspection['findings']> = {}): string {
  const image: Inspection = {
    reference: 'app:1',
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: { os: 'linux', architecture: 'amd64' },
    size: { disk: 3_000_000, wire: 1000 },
    files: 2,
    config: {
      os: 'linux',
      architecture: 'amd64',
      author: 'me',
      rootfs: { type: 'layers', diff_ids: [digest] },
      config,
    },
    layers: [
      {
        digest,
        diffId: digest,
        mediaType: '',
        disk: 123_456_789,
        wire: 123_456_789,
        members: 123456,
        createdBy: `/bin/sh -c #(nop)  COPY ${'file '.repeat(60)}`,
      },
    ],
    os: null,
    runtimes: [],
    findings: {
      ...NOTHING,
      user: { text: config.User ?? '', uid: config.User === undefined ? 0 : 65532, root: config.User === undefined },
      ...findings,
    },
    annotations: { 'org.opencontainers.image.base.name': 'debian', note: 'x' },
    created: null,
  };
  return inspectText(image)(createStyle({ colour: false, width: columns ?? 100, terminal: columns !== undefined }));
}

const FULL: RunConfig & Record<string, unknown> = {
  Entrypoint: ['/app', 'a b'],
  Cmd: ['serve'],
  Env: ['A=1', `LONG=${'word '.repeat(40)}`],
  User: '65532:65532',
  WorkingDir: '/srv',
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/data': {} },
  StopSignal: 'SIGQUIT',
  Shell: ['/bin/bash', '-o', 'pipefail', '-c'],
  Labels: { team: 'web' },
  OnBuild: ['COPY . /app'],
  Healthcheck: {
    Test: ['CMD-SHELL', 'curl -f x || exit 1'],
    Interval: 30e9,
    Timeout: 1.5e9,
    StartPeriod: 2e9,
    Retries: 3,
  },
  Hostname: '',
  AttachStdin: false,
  Memory: 5,
};

describe('inspectText', () => {
  it('shows all that the config holds', () => {
    const text = shown(FULL);
    for (const line of [
      'size       3.0 MB on disk, 1.0 kB on the wire, 2 files',
      'author     me',
      'entrypoint /app "a b"',
      'cmd        serve',
      'shell      /bin/bash -o pipefail -c',
      'user       65532:65532',
      'workdir    /srv',
      'ports      80/tcp',
      'volumes    /data',
      'stop       SIGQUIT',
      'health     curl -f x || exit 1 (every 30 s, within 1.5 s, first after 2 s, 3 retries)',
      'base       debian',
    ])
      expect(text).toContain(`\n  ${line}\n`);
    expect(text).toContain('\n  labels\n    team=web\n');
    expect(text).toContain('\n  annotations\n    note=x\n');
    expect(text).toContain('\n  on build\n    COPY . /app\n');
    expect(text).toContain('\n  more\n    Memory: 5\n');
    expect(text).not.toContain('Hostname');
    expect(text).not.toContain('#(nop)');
  });

  it.each([80, 120])('fits into a terminal of %i columns', (columns) => {
    for (const line of shown(FULL, columns).split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  it.each([
    [{ Test: ['NONE'] }, 'none: switched off'],
    [{ Test: ['CMD', 'curl', 'a b'] }, 'curl "a b"'],
  ])('%j is the health check %s', (Healthcheck, text) => {
    expect(shown({ Healthcheck })).toContain(`  health     ${text}\n`);
  });

  it('lets no image command the terminal', () => {
    const text = shown({ Env: ['X=\u001b[2J'], Labels: { '\u009b31m': '\r' }, StopSignal: '\u001b' });
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    expect(text).toContain('X=\\x1b[2J');
  });

  it('masks the values of what was found to be a secret', () => {
    const secrets = [
      { path: 'config.Env API_TOKEN', kind: 'secret in a variable' },
      { path: 'config.Labels pass', kind: 'secret in a variable' },
    ];
    const text = shown({ Env: ['A=1', 'API_TOKEN=hunter2'], Labels: { pass: 'hunter3' } }, undefined, { secrets });
    expect(text).toContain('\n    A=1\n    API_TOKEN=***\n');
    expect(text).toContain('\n    pass=***\n');
    expect(text).not.toContain('hunter');
  });
});
