import { describe, expect, it } from 'vitest';
import type { Service } from '../../../src/formats/compose/types.ts';
import { servicesToShrink } from '../../../src/systems/shrink/subjects.ts';
import { project, service } from '../export/example.ts';

const LEFT = { extensions: { 'x-tare': { shrink: false } } };

describe('the services that are shrunk', () => {
  it('are all but those that stay as they are', () => {
    const services = [service('a'), service('b', LEFT), service('c', { image: 'a:latest' })];
    expect(servicesToShrink(project(services)).map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it.each<[what: string, first: Service, second: Service, message: string]>([
    [
      'a tag that is the name of another service',
      service('app', { image: 'app:1-worker' }),
      service('worker', { image: 'app:1' }),
      'compose.yaml:worker: what is made of app and of worker would have one name: app:1-worker-shrunk',
    ],
    [
      'one image under the name that a build would have',
      service('web', { image: 'shop-web' }),
      service('shop-web', { image: 'shop-web' }),
      'compose.yaml:shop-web: what is made of web and of shop-web would have one name: shop-web:shrunk',
    ],
  ])('%s: refused', (_what, first, second, message) => {
    expect(() => servicesToShrink(project([first, second]))).toThrow(
      expect.objectContaining({ code: 'E_COMPOSE', message }),
    );
    const left = { ...second, ...LEFT };
    expect(servicesToShrink(project([first, left]))).toEqual([first]);
  });
});
