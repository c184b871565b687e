import { describe, expect, it } from 'vitest';
import { engineText, parseEngine } from '../../../src/solve/buildkit/address.ts';

describe('the address of an engine', () => {
  it.each([
    ['unix:///run/buildkit/buildkitd.sock', { kind: 'unix', path: '/run/buildkit/buildkitd.sock' }],
    ['unix:/run/a b.sock', { kind: 'unix', path: '/run/a b.sock' }],
    ['tcp://build.example:1235', { kind: 'tcp', host: 'build.example', port: 1235 }],
    ['tcp://10.0.0.1', { kind: 'tcp', host: '10.0.0.1', port: 1234 }],
    ['tcp://[::1]:9', { kind: 'tcp', host: '[::1]', port: 9 }],
    ['docker-container:buildx_buildkit_x0', { kind: 'container', name: 'buildx_buildkit_x0' }],
    ['docker-container://builder', { kind: 'container', name: 'builder' }],
  ])('%s', (text, address) => {
    const parsed = parseEngine(text);
    expect(parsed).toEqual(address);
    expect(parseEngine(engineText(parsed))).toEqual(address);
  });

  it.each([
    '',
    'unix://',
    'unix://run/x',
    'http://x:1',
    'tcp://',
    'tcp://user:password@host:1',
    'tcp://host:1/path',
    'tcp://host:99999',
    'docker-container:',
    'docker-container:--privileged',
    'docker-container:a/b',
  ])('refuses %j', (text) => {
    expect(() => parseEngine(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});
