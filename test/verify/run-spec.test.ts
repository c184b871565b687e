import { describe, expect, it } from 'vitest';
import { exposedPorts, runSpecOf } from '../../src/verify/run-spec.ts';
import { imageOfConfig } from '../helpers/test-image.ts';

const image = imageOfConfig({
  Entrypoint: ['/bin/node'],
  Cmd: ['server.js'],
  Env: ['A=1'],
  User: 'app',
  WorkingDir: '/app',
  StopSignal: 'SIGQUIT',
  ExposedPorts: { '8080/tcp': {}, '53/udp': {}, '80': {}, '0/tcp': {}, 'x/tcp': {} },
});

describe('runSpecOf', () => {
  it('takes everything from the image', () => {
    expect(runSpecOf(image, '/root')).toEqual({
      rootfs: '/root',
      args: ['/bin/node', 'server.js'],
      env: ['A=1'],
      cwd: '/app',
      user: 'app',
      readOnly: false,
      network: { kind: 'private', publish: [] },
      mounts: [],
      stdio: 'pipe',
      stopSignal: 'SIGQUIT',
    });
  });

  it.each([
    [{ args: ['-v'] }, { args: ['/bin/node', '-v'] }],
    [{ args: [] }, { args: ['/bin/node'] }],
    [{ entrypoint: ['sh'] }, { args: ['sh'] }],
    [{ entrypoint: ['sh'], args: ['-c', 'x'] }, { args: ['sh', '-c', 'x'] }],
    [{ env: ['A=2', 'B=3'] }, { env: ['A=1', 'A=2', 'B=3'] }],
    [
      { user: '0', workdir: '/', readOnly: true, stdio: 'host', hostname: 'x' } as const,
      { user: '0', cwd: '/', readOnly: true, stdio: 'host', hostname: 'x' },
    ],
  ])('with %j', (overrides, changes) => {
    expect(runSpecOf(image, '/root', overrides)).toMatchObject(changes);
  });

  it('has defaults for a bare image, and needs a program', () => {
    expect(runSpecOf(imageOfConfig({ Cmd: ['x'], WorkingDir: '' }), '/root')).toMatchObject({
      args: ['x'],
      cwd: '/',
      user: '',
    });
    expect(() => runSpecOf(imageOfConfig({ Entrypoint: null, Cmd: null }), '/root')).toThrow(
      expect.objectContaining({ code: 'E_ENTRYPOINT' }),
    );
  });
});

it('lists the exposed TCP ports', () => {
  expect(exposedPorts(image)).toEqual([80, 8080]);
  expect(exposedPorts(imageOfConfig({}))).toEqual([]);
});
