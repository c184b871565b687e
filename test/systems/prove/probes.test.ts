import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Project, Service } from '../../../src/formats/compose/types.ts';
import {
  probesOfFile,
  probesOfProject,
  publicPorts,
  settingsOf,
  systemProbeName,
} from '../../../src/systems/prove/probes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { project, service } from '../export/example.ts';

const port = (target: number, protocol: 'tcp' | 'udp' = 'tcp') => ({ at: 'x:1', target, protocol });
const WEB = service('web', { ports: [port(8080), port(8080), port(53, 'udp'), port(80)] });
const DB = service('db');

const asked = (probes: unknown, services: readonly Service[] = [WEB, DB]): Project =>
  project(services, { extensions: { 'x-tare': { probes } } });

describe('what a project says that it is asked', () => {
  it.each<[what: string, extension: unknown, names: readonly string[]]>([
    ['nothing', undefined, []],
    ['nothing in it', null, []],
    ['no probes', { probes: null }, []],
    [
      'one for the only service with ports, and one by name',
      { probes: [{ http: ':8080/status' }, { service: 'db', tcp: 5432 }] },
      ['web: http GET 8080/status', 'db: tcp 5432'],
    ],
    ['one with a name of its own', { probes: [{ service: 'db', name: 'alive', tcp: 5432 }] }, ['db: alive']],
  ])('%s', (_what, extension, names) => {
    const probes = probesOfProject(project([WEB, DB], { extensions: { 'x-tare': extension } }));
    expect(probes.map(systemProbeName)).toEqual(names);
  });

  it('is refused when nobody knows whom to ask', () => {
    const TCP = [{ tcp: 80 }];
    const both = [WEB, service('api', { ports: [port(80)] })];
    for (const services of [both, [DB]])
      expect(() => probesOfProject(asked(TCP, services))).toThrow(
        '/srv/shop/compose.yaml: x-tare.probes[0] does not say which service is asked',
      );
    expect(() => probesOfProject(asked([{ service: '__proto__', tcp: 80 }]))).toThrow('is none of the services');
  });

  it('may stand in a file of its own', async () => {
    const file = join(tempDir(), 'probes.yaml');
    writeFileSync(file, '- { service: db, command: [pg_isready] }\n');
    expect((await probesOfFile(project([WEB, DB]), file)).map(systemProbeName)).toEqual(['db: command pg_isready']);
    writeFileSync(file, `- { service: db, tcp: 80 } # ${'x'.repeat(1024 * 1024)}\n`);
    await expect(probesOfFile(project([WEB, DB]), file)).rejects.toMatchObject({ code: 'E_LIMIT' });
  });
});

describe('what a service says of itself', () => {
  it.each<[extension: unknown, settings: object]>([
    [undefined, { include: [], exclude: [], shrink: true }],
    [{ shrink: false }, { include: [], exclude: [], shrink: false }],
    [
      { include: ['/a'], exclude: ['/b'], tightness: 'used' },
      { include: ['/a'], exclude: ['/b'], shrink: true, tightness: 'used' },
    ],
  ])('%j', (extension, settings) => {
    expect(settingsOf(service('a', { extensions: { 'x-tare': extension } }))).toEqual(settings);
  });

  it.each([7, [], 'x', { shrink: 'no' }, { include: 'x' }, { exclude: [1] }, { tightness: 'toString' }, { probe: 1 }])(
    'refuses %j',
    (extension) => {
      expect(() => settingsOf(service('a', { extensions: { 'x-tare': extension } }))).toThrow(
        expect.objectContaining({ code: 'E_COMPOSE', message: expect.stringMatching(/^compose\.yaml:a: a\.x-tare/) }),
      );
    },
  );
});

it('ports that lead in are those of TCP, each once, in the order of the file', () => {
  expect(publicPorts(project([WEB, DB, service('dns', { ports: [port(53, 'udp')] })]))).toEqual([['web', [8080, 80]]]);
});
