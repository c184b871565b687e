import { describe, expect, it } from 'vitest';
import { diffConfigs } from '../../../src/explain/diff/config.ts';
import type { Image, ImageConfig, RunConfig } from '../../../src/oci/types.ts';
import { imageOf } from '../../helpers/layer-image.ts';

function image(run: RunConfig, config: Partial<ImageConfig> = {}, annotations?: Record<string, string>): Image {
  const plain = imageOf([]);
  return {
    ...plain,
    manifest: { ...plain.manifest, ...(annotations === undefined ? {} : { annotations }) },
    config: { ...plain.config, ...config, config: run },
  };
}

const diff = (a: Image, b: Image, semantic = false): unknown[] =>
  diffConfigs(a, b, semantic).map(({ after, before, member, name }) => [
    name === undefined ? member : `${member} ${name}`,
    before,
    after,
  ]);

describe('diffConfigs', () => {
  it('tells each setting that differs, in a fixed order', () => {
    const before = image({
      Env: ['PATH=/bin', 'A=1', 'GONE=x'],
      Cmd: ['a'],
      User: '0',
      ExposedPorts: { '80/tcp': {} },
      Labels: { b: '1', a: '1' },
      Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9 },
    });
    const after = image(
      {
        Env: ['A=2', 'PATH=/bin', 'NEW='],
        Cmd: ['b', 'c'],
        Entrypoint: ['/run'],
        WorkingDir: '/app',
        ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
        Volumes: { '/data': {} },
        Labels: { a: '2', b: '1' },
        Healthcheck: { Test: ['CMD', 'true'], Interval: 30e9, Retries: 2 },
        StopSignal: 'SIGINT',
        Shell: ['/bin/bash'],
        OnBuild: ['RUN x'],
      },
      { architecture: 'arm64', variant: 'v8' },
      { note: 'x' },
    );
    expect(diff(before, after)).toEqual([
      ['platform', 'linux/amd64', 'linux/arm64/v8'],
      ['entrypoint', null, ['/run']],
      ['cmd', ['a'], ['b', 'c']],
      ['user', '0', null],
      ['workdir', null, '/app'],
      ['env A', '1', '2'],
      ['env GONE', 'x', null],
      ['env NEW', null, ''],
      ['ports', ['80/tcp'], ['443/tcp', '80/tcp']],
      ['volumes', null, ['/data']],
      ['label a', '1', '2'],
      ['healthcheck', ['--interval=5s', 'CMD', 'true'], ['--interval=30s', '--retries=2', 'CMD', 'true']],
      ['stop-signal', null, 'SIGINT'],
      ['shell', null, ['/bin/bash']],
      ['on-build', null, ['RUN x']],
      ['annotation note', null, 'x'],
    ]);
  });

  it('takes what is empty for what is not set', () => {
    const empty = image({ Cmd: [], Entrypoint: null, User: '', Volumes: {}, Labels: {}, OnBuild: null });
    expect(diff(image({}), empty)).toEqual([]);
  });

  it('leaves out when and by whom it was made, if asked to', () => {
    const Labels = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
    const a = image({ Labels }, { created: '2026-01-01T00:00:00Z', author: 'x' }, { note: 'x' });
    const b = image({});
    expect(diff(a, b)).toEqual([
      ['label org.opencontainers.image.created', '2026-01-01T00:00:00Z', null],
      ['annotation note', 'x', null],
      ['author', 'x', null],
      ['created', '2026-01-01T00:00:00Z', null],
    ]);
    expect(diff(a, b, true)).toEqual([]);
  });

  it('shows no secrets, and still says that they differ', () => {
    const before = image({
      Env: ['API_TOKEN=first secret', 'URL=postgres://app:first@db/x'],
      Cmd: ['curl', '-u', 'user:first', 'https://x'],
    });
    const after = image({
      Env: ['API_TOKEN=second secret', 'URL=postgres://app:second@db/x'],
      Cmd: ['curl', '-u', 'user:second', 'https://x'],
      Labels: { token: 'npm_abcdefghijklmnopqrstuvwxyz0123456789' },
    });
    const rows = diff(before, after);
    expect(JSON.stringify(rows)).not.toMatch(/first|second|npm_/);
    expect(rows).toEqual([
      ['cmd', ['curl', '-u', 'user:***', 'https://x'], ['curl', '-u', 'user:***', 'https://x']],
      ['env API_TOKEN', '***', '***'],
      ['env URL', 'postgres://app:***@db/x', 'postgres://app:***@db/x'],
      ['label token', null, '***'],
    ]);
  });

  it.each([
    'DB_PASS',
    'SECRET_KEY_BASE',
    'APP_CREDENTIALS',
    'MY_PWD',
    'my-secret-token',
    'encryption_key',
    'dbPassword',
  ])('hides the value of %s, a variable or a label', (name) => {
    const [before, after] = ['/hunter2', '{hunter2'].map((value) =>
      image({ Env: [`${name}=${value}`], Labels: { [name]: value } }),
    ) as [Image, Image];
    expect(diff(before, after)).toEqual([
      [`env ${name}`, '***', '***'],
      [`label ${name}`, '***', '***'],
    ]);
  });

  it('tells what it has no name for, unless it is not set or of the container of the build', () => {
    const run = { StopTimeout: 5, Tty: false, Hostname: 'a1', Image: '', Weird: { a: ['x'] } };
    const [before, after] = [image({}), image(run as RunConfig)];
    const rows = [
      ['other StopTimeout', null, '5'],
      ['other Weird', null, '{"a":["x"]}'],
    ];
    expect(diff(before, after)).toEqual([['other Hostname', null, '"a1"'], ...rows]);
    expect(diff(before, after, true)).toEqual(rows);
  });
});
