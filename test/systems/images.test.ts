import { describe, expect, it } from 'vitest';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageNameOf, shrunkNameOf } from '../../src/systems/images.ts';
import { readProject } from '../../src/systems/read-project.ts';
import { tempDir } from '../helpers/temp.ts';

async function namesOf(services: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const dir = join(tempDir(), 'p');
  mkdirSync(dir);
  writeFileSync(join(dir, 'compose.yaml'), `name: p\nservices:\n${services}`);
  const { project } = await readProject({ env: {}, files: [join(dir, 'compose.yaml')] });
  return Object.fromEntries(
    project.services.map((service) => [service.name, [imageNameOf(project, service), shrunkNameOf(project, service)]]),
  );
}

describe('what small images are called', () => {
  it.each([
    ['web: { image: web }', 'web', 'web:shrunk'],
    ['web: { image: "team/web:1" }', 'team/web:1', 'team/web:1-shrunk'],
    ['web: { image: "localhost:5000/team/web:1" }', 'localhost:5000/team/web:1', 'localhost:5000/team/web:1-shrunk'],
    ['db: { image: "postgres:16" }', 'postgres:16', 'postgres:16-db-shrunk'],
    ['db: { image: postgres }', 'postgres', 'postgres:db-shrunk'],
    ['web: { build: . }', 'p-web', 'p-web:shrunk'],
    ['web: { image: "oci:images:x" }', 'oci:images:x', 'p-web:shrunk'],
  ])('%s', async (service, image, small) => {
    expect(Object.values(await namesOf(`  ${service}\n`))).toEqual([[image, small]]);
  });

  it('is another one for each service of one image', async () => {
    const names = await namesOf('  web: { image: "app:1" }\n  worker: { image: "app:1" }\n  app: { image: "app:1" }\n');
    expect(names).toMatchObject({
      app: ['app:1', 'app:1-shrunk'],
      web: ['app:1', 'app:1-web-shrunk'],
      worker: ['app:1', 'app:1-worker-shrunk'],
    });
  });
});
