import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportSystem } from '../../../src/systems/export/index.ts';
import { flagged, option, word, words } from '../../../src/systems/export/quadlet/unit.ts';
import { everything, facts, project, service } from './example.ts';

/**
 * What the container gets: quadlet splits the value into words (systemd.syntax(7): quotes, escapes of C), writes them into a command line, and systemd puts
 * specifiers and variables into that.
 */
function received(value: string): readonly string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of value.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)) {
    const text =
      plain ??
      (quoted ?? '').replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, char: string | undefined) =>
        hex === undefined
          ? ({ n: '\n', t: '\t', r: '\r' }[char ?? ''] ?? char ?? '')
          : String.fromCharCode(parseInt(hex, 16)),
      );
    if (/(?<!%)(?:%%)*%(?!%)/.test(text)) throw new Error(`a specifier is left in ${text}`);
    if (/(?<!\$)(?:\$\$)*\$(?!\$)/.test(text)) throw new Error(`a variable is left in ${text}`);
    found.push(text.replaceAll('%%', '%').replaceAll('$$', '$'));
  }
  return found;
}

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', "'", '\n', '\t', '%', '$', '\\', ' ', '=', '{', 'é', '\u0001'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 12,
});

describe('the words of a unit', () => {
  it('are what was meant, on one line', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (all) => {
        expect(words(all)).not.toMatch(/\n/);
        expect(received(words(all))).toEqual(all);
      }),
    );
    expect(word('')).toBe('""');
    expect(word('a=b')).toBe('a=b');
  });

  it('stand on a line of their key only when it can hold them', () => {
    fc.assert(
      fc.property(text, (value) => {
        const [key, written] = option('Volume', 'volume', value);
        expect(written).not.toMatch(/\n|\\$/);
        if (key === 'Volume') expect(written.replaceAll('%%', '%').replaceAll('$$', '$')).toBe(value);
        else expect([key, received(written)]).toEqual(['PodmanArgs', [`--volume=${value}`]]);
      }),
    );
    expect(flagged('entrypoint', '["a b"]')).toEqual(['PodmanArgs', '"--entrypoint=[\\"a b\\"]"']);
  });
});

describe('export to quadlets', () => {
  const result = exportSystem({ format: 'podman-quadlet', ...everything() });
  const fileOf = (path: string): string => result.files.find((file) => file.path === path)?.text ?? '';

  it('has a unit for everything', () => {
    expect(result.files.map(({ path, secret }) => (secret === true ? `${path} (secret)` : path))).toEqual([
      'shop-Report_Maker.container',
      'shop-back.network',
      'shop-data.volume',
      'shop-db.container (secret)',
      'shop-front.network',
      'shop-gateway.container (secret)',
      'shop-gateway.seccomp.json',
      'shop-migrate.container',
      'shop-routes.config',
    ]);
  });

  it('says all of a service', () => {
    expect(fileOf('shop-gateway.container')).toMatchInlineSnapshot(`
      "# Written by tare for podman 4.5 and later. Put this folder's files into
      # /etc/containers/systemd, or ~/.config/containers/systemd, and reload systemd.

      [Unit]
      Description=gateway of shop
      Requires=shop-db.service
      After=shop-db.service
      Requires=shop-migrate.service
      After=shop-migrate.service

      [Container]
      Image=registry.example.com/team/gateway@sha256:4ea5ee68fea05586106890ded5733820bb77d919cda27bc4b8139b7cd33b8889
      ContainerName=shop-gateway
      Exec=node server.js "a \\"b\\" 'c' $$HOME $\${X} $$(Y) %%n \\\\ back\\nline: # yes"
      PodmanArgs=--workdir=/app
      PodmanArgs=--hostname=gateway.shop
      Environment="GREETING=a \\"b\\" 'c' $$HOME $\${X} $$(Y) %%n \\\\ back\\nline: # yes"
      Environment=JWT_SECRET=s3cr3t-value
      Environment=OCTAL=0123
      Environment=PORT=8080
      Environment=YES=yes
      Label="com.example.note=a \\"b\\" 'c' $$HOME $\${X} $$(Y) %%n \\\\ back\\nline: # yes"
      Network=shop-back.network:alias=gateway
      Network=shop-front.network:alias=gateway,alias=api
      PublishPort=80:8080/tcp
      PublishPort=127.0.0.1:9000:9000/tcp
      PublishPort=53/udp
      PodmanArgs=--add-host=legacy:10.0.0.7
      Tmpfs=/var/cache:size=1000000,mode=1777
      Volume=%E/containers/systemd/shop-routes.config:/etc/gateway.json:ro
      Secret=shop_jwt,type=mount,target=/run/secrets/jwt,uid=0,gid=0,mode=0400
      ReadOnly=true
      NoNewPrivileges=true
      DropCapability=all
      AddCapability=CAP_NET_BIND_SERVICE
      SeccompProfile=%E/containers/systemd/shop-gateway.seccomp.json
      HealthCmd=["/usr/bin/node","-e","a \\"b\\" 'c' $$HOME $\${X} $$(Y) %%n \\\\ back\\nline: # yes"]
      HealthInterval=1500ms
      HealthTimeout=3000ms
      HealthStartPeriod=2000ms
      HealthRetries=5
      PodmanArgs=--stop-timeout=10
      PodmanArgs=--memory=104857600
      PodmanArgs=--cpus=0.5

      [Service]
      Restart=always
      TimeoutStartSec=900
      TimeoutStopSec=15

      [Install]
      WantedBy=multi-user.target default.target
      "
    `);
    expect(fileOf('shop-back.network')).toMatch(
      '\n[Network]\nLabel=tare.network=back\nInternal=true\nSubnet=10.20.0.0/24\n',
    );
  });

  it('is waited for until it is healthy, or has ended well', () => {
    expect(fileOf('shop-db.container')).toMatch('HealthCmd=CMD /usr/bin/pg_isready\nNotify=healthy\n');
    expect(fileOf('shop-migrate.container')).toMatch('[Service]\nType=oneshot\nRemainAfterExit=yes\n');
    expect(fileOf('shop-migrate.container')).toMatch('Wants=shop-db.service\nAfter=shop-db.service\n');
  });

  it('uses no key that podman 4.5 does not know, but one that older versions pass over', () => {
    const known =
      'AddCapability ContainerName DropCapability Environment Exec Group HealthCmd HealthInterval HealthRetries HealthStartPeriod HealthTimeout Image Label Network NoNewPrivileges Notify PodmanArgs PublishPort ReadOnly SeccompProfile Secret Tmpfs User Volume';
    const used = result.files
      .filter(({ path }) => path.endsWith('.container'))
      .flatMap(({ text: unit }) => unit.split('\n[Container]\n')[1]?.split('\n\n[')[0]?.split('\n') ?? [])
      .map((line) => line.slice(0, line.indexOf('=')));
    expect([...new Set(used)].filter((key) => !known.split(' ').includes(key))).toEqual([]);
  });

  it('writes no secret but those of the environment, and says how to make them', () => {
    expect(JSON.stringify(result.files)).not.toMatch('inline-secret');
    const said = result.warnings.map(({ at, message }) => `${at} ${message}`);
    expect(said).toContain(
      'compose.yaml:41 the secret tls has to be made: podman secret create shop_tls /srv/shop/tls.key',
    );
    expect(said).toContain('compose.yaml:gateway gateway: a unit is one container; it is not started 2 times');
    expect(said.join()).not.toMatch(/s3cr3t-value|hunter2|inline-secret/);
  });

  it('mounts what a name of systemd would be taken for', () => {
    const mount = {
      kind: 'bind',
      at: 'x:1',
      source: '/srv/%n/$x',
      target: '/x',
      readOnly: true,
      create: false,
    } as const;
    const one = exportSystem({
      format: 'podman-quadlet',
      project: project([service('a', { mounts: [mount] })]),
      facts: [facts('a')],
    });
    expect(one.files[0]?.text).toMatch('Volume=/srv/%%n/$$x:/x:ro\n');
  });
});
