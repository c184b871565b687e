import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ServicePort } from '../../../src/formats/compose/types.ts';
import { portText } from '../../../src/systems/export/compose/service.ts';
import { exportSystem } from '../../../src/systems/export/index.ts';
import type { Exported } from '../../../src/systems/export/types.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { everything, facts, project, service } from './example.ts';

interface Composed {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  readonly secrets?: unknown;
  readonly networks?: unknown;
  readonly volumes?: unknown;
}

const textOf = ({ files }: Exported): string => files.find(({ path }) => path === 'compose.yaml')?.text ?? '';
const valueOf = (result: Exported): Composed => parse(textOf(result)) as Composed;

/** What docker-compose makes of it. It writes dollars doubled, as it reads them. */
function composed({ files }: Exported): Composed {
  const dir = tempDir();
  for (const { path, text } of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const text = execFileSync('docker-compose', ['config'], {
    cwd: dir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Written by PyYAML, in the words of YAML 1.1.
  return parse(text.replaceAll(dir, 'DIR'), { version: '1.1' }) as Composed;
}

it('export to Compose tells of a port that Docker does not share', () => {
  const port: ServicePort = {
    at: 'compose.yaml:9',
    target: 80,
    published: { first: 8080, last: 8080 },
    protocol: 'tcp',
  };
  const several = service('web', { replicas: 3, ports: [port, { ...port, published: { first: 90, last: 92 } }] });
  const { warnings } = exportSystem({
    format: 'compose',
    project: project([several]),
    facts: [facts('web')],
  });
  expect(warnings).toEqual(
    expect.arrayContaining([
      { at: 'compose.yaml:9', message: 'web: Docker Compose cannot start 3 containers on port 8080: publish a range' },
    ]),
  );
  expect(warnings.filter(({ message }) => message.includes('containers on port'))).toHaveLength(1);
});

const NASTY = 'a "b" \'c\' $$HOME $${X} $$(Y) %n \\ back\nline: # yes';

describe('export to Compose', () => {
  const result = exportSystem({ format: 'compose', ...everything() });

  it('has files beside it that it mounts, and none of a secret', () => {
    expect(result.files.map(({ path, secret }) => [path, secret])).toEqual([
      ['compose.yaml', true],
      ['configs/routes', undefined],
      ['gateway.seccomp.json', undefined],
    ]);
    expect(result.files[1]?.text).toBe('{"price": "$5"}\n');
    expect(JSON.stringify(result)).not.toMatch('inline-secret');
    expect(result.warnings.map(({ at, message }) => `${at} ${message}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^compose\.yaml:22 the secret jwt is not written down: put it into \.\/secrets\/jwt/),
        expect.stringMatching(/^compose\.yaml:60 .*\/srv\/shop\/out is a folder of this machine/),
        expect.stringMatching(/^compose\.yaml:migrate .*that db may be missing cannot be said/),
      ]) as string[],
    );
  });

  it('pins, closes and builds nothing', () => {
    for (const each of Object.values(valueOf(result).services)) {
      expect(each).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      expect(each?.['image']).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(each?.['tmpfs']).toContain('/tmp');
      expect(each).not.toHaveProperty('build');
    }
    expect(valueOf(result).services['gateway']?.['security_opt']).toEqual([
      'no-new-privileges:true',
      'seccomp=./gateway.seccomp.json',
    ]);
    expect(valueOf(result).services['db']?.['user']).toBe('100:102');
  });

  it.skipIf(!needs('docker-compose'))('means to docker-compose what was meant', () => {
    const { networks, secrets, services, volumes } = composed(result);
    expect(services['gateway']).toMatchObject({
      command: ['node', 'server.js', NASTY],
      environment: { GREETING: NASTY, OCTAL: '0123', PORT: '8080', YES: 'yes', JWT_SECRET: 's3cr3t-value' },
      depends_on: { db: { condition: 'service_healthy' }, migrate: { condition: 'service_completed_successfully' } },
      healthcheck: {
        test: ['CMD', '/usr/bin/node', '-e', NASTY],
        interval: '1500ms',
        timeout: '3s',
        retries: 5,
        start_period: '2s',
      },
      networks: { back: null, front: { aliases: ['api'] } },
      cap_add: ['NET_BIND_SERVICE'],
      scale: 2,
      mem_limit: 104857600,
      secrets: [{ source: 'jwt', target: '/run/secrets/jwt' }],
      volumes: [{ type: 'bind', source: 'DIR/configs/routes', target: '/etc/gateway.json', read_only: true }],
      tmpfs: ['/var/cache:size=1000000,mode=1777', '/tmp'],
    });
    expect(services['Report_Maker']).toMatchObject({
      network_mode: 'none',
      entrypoint: ['/app/report'],
      restart: 'no',
    });
    expect(services['db']).toMatchObject({ user: '100:102', stop_signal: 'SIGINT', restart: 'on-failure:3' });
    expect(secrets).toEqual({ jwt: { file: 'DIR/secrets/jwt' }, tls: { file: '/srv/shop/tls.key' } });
    expect(networks).toMatchObject({ back: { internal: true, ipam: { config: [{ subnet: '10.20.0.0/24' }] } } });
    expect(volumes).toEqual({ data: { name: 'shop_data' }, old: { external: true, name: 'old_data' } });
  });

  it.skipIf(!needs('docker-compose'))('means texts where YAML 1.1 would see numbers', () => {
    const environment = { A: '1:30', B: '0o17', C: '0x1F', D: 'off', E: '~', F: '', G: '.inf', H: '2001-01-01' };
    const one = exportSystem({
      format: 'compose',
      project: project([service('a', { environment, user: '10:20' })]),
      facts: [facts('a')],
    });
    expect(composed(one).services['a']).toMatchObject({ environment, user: '10:20' });
    // By the words of YAML 1.2.
    expect(valueOf(one).services['a']).toMatchObject({ environment, user: '10:20' });
  });

  it.each<readonly [Partial<ServicePort>, string]>([
    [{}, '80/tcp'],
    [{ published: { first: 8080, last: 8080 } }, '8080:80/tcp'],
    [{ published: { first: 8080, last: 8082 }, protocol: 'udp' }, '8080-8082:80/udp'],
    [{ hostIp: '127.0.0.1', published: { first: 1, last: 1 } }, '127.0.0.1:1:80/tcp'],
    [{ hostIp: '::1', published: { first: 1, last: 1 } }, '[::1]:1:80/tcp'],
    [{ hostIp: '127.0.0.1' }, '127.0.0.1::80/tcp'],
  ])('writes the port %j as %s', (port, text) => {
    expect(portText({ at: 'x', target: 80, protocol: 'tcp', ...port })).toBe(text);
  });

  it('does not depend on the order of services', () => {
    const { contents, facts: known, project: whole } = everything();
    const turned = { ...whole, services: whole.services.toReversed() };
    const again = exportSystem({
      format: 'compose',
      project: turned,
      facts: known.toReversed(),
      ...(contents === undefined ? {} : { contents }),
    });
    expect(again.files).toEqual(result.files);
  });
});
