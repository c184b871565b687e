import { describe, expect, it } from 'vitest';
import type { Image, RunConfig } from '../../src/oci/types.ts';
import { findProgram, startedProcesses } from '../../src/shrink/start.ts';
import { pathOfText } from '../../src/base/path.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const { tree } = memoryTree({
  '/bin/sh': { content: '\x7fELF', mode: 0o755 },
  '/usr/bin/app': { content: '\x7fELF', mode: 0o755 },
  '/srv/run.sh': { content: '#!/bin/sh\n', mode: 0o755 },
  '/usr/bin/folder/x': 'x',
});

const imageOf = (config: RunConfig): Image =>
  ({ reference: 'x:latest', config: { config, architecture: 'amd64', os: 'linux' } }) as Partial<Image> as Image;

describe('what an image starts', () => {
  it.each<readonly [what: string, config: RunConfig, expected: readonly string[]]>([
    [
      'entry point and command',
      { Entrypoint: ['/usr/bin/app'], Cmd: ['--port', '1'] },
      ['entrypoint /usr/bin/app --port 1'],
    ],
    ['a command by PATH', { Cmd: ['app'], Env: ['PATH=/usr/bin'] }, ['entrypoint app']],
    ['a relative program', { Cmd: ['./run.sh'], WorkingDir: '/srv' }, ['entrypoint ./run.sh']],
    [
      'a health check as a command',
      { Cmd: ['app'], Healthcheck: { Test: ['CMD', 'app', '--health'] } },
      ['entrypoint app', 'healthcheck app --health'],
    ],
    [
      'a health check for the shell',
      { Cmd: ['app'], Healthcheck: { Test: ['CMD-SHELL', 'app || exit 1'] } },
      ['entrypoint app', 'healthcheck /bin/sh -c app || exit 1'],
    ],
    ['no health check', { Cmd: ['app'], Healthcheck: { Test: ['NONE'] } }, ['entrypoint app']],
    [
      'a health check that is not there',
      { Cmd: ['app'], Healthcheck: { Test: ['CMD', 'curl', 'x'] } },
      ['entrypoint app'],
    ],
  ])('%s', (_, config, expected) => {
    const started = startedProcesses(imageOf(config), tree, []);
    expect(started.map((item) => `${item.root} ${item.context.argv.join(' ')}`)).toEqual(expected);
  });

  it('also what the user runs in it', () => {
    const started = startedProcesses(imageOf({ Cmd: ['app'] }), tree, [['/srv/run.sh', 'migrate']]);
    expect(started.map((item) => [item.root, item.program])).toEqual([
      ['entrypoint', '/usr/bin/app'],
      ['exec', '/srv/run.sh'],
    ]);
  });

  it.each<readonly [what: string, config: RunConfig, code: string]>([
    ['nothing', {}, 'E_NO_ENTRY'],
    ['an empty command', { Cmd: [], Entrypoint: null }, 'E_NO_ENTRY'],
    ['a program that is not there', { Cmd: ['gone'] }, 'E_PATH_NOT_FOUND'],
    ['a folder', { Cmd: ['/usr/bin/folder'] }, 'E_PATH_NOT_FOUND'],
    ['a path out of the image', { Cmd: ['/../../../etc/gone'] }, 'E_PATH_NOT_FOUND'],
  ])('refuses %s', (_, config, code) => {
    expect(() => startedProcesses(imageOf(config), tree, [])).toThrow(expect.objectContaining({ code }));
  });

  it('looks a name up on PATH only', () => {
    const context = { cwd: pathOfText('/usr/bin'), env: { PATH: '/bin' } };
    expect(findProgram(tree, 'app', context)).toBeUndefined();
    expect(findProgram(tree, './app', context)).toBe('/usr/bin/app');
  });
});
