import { describe, expect, it } from 'vitest';
import { draftOf } from './drafts.ts';

const tcp = (target: number, first?: number, last = first, hostIp?: string): unknown => ({
  at: 'compose.yaml:4',
  target,
  ...(first === undefined ? {} : { published: { first, last } }),
  ...(hostIp === undefined ? {} : { hostIp }),
  protocol: 'tcp',
});

const TABLE: readonly (readonly [string, readonly unknown[]])[] = [
  ['80', [tcp(80)]],
  ['"80"', [tcp(80)]],
  ['"8080:80"', [tcp(80, 8080)]],
  ['"8080:80/tcp"', [tcp(80, 8080)]],
  ['"127.0.0.1:8080:80"', [tcp(80, 8080, 8080, '127.0.0.1')]],
  ['"127.0.0.1::80"', [tcp(80, undefined, undefined, '127.0.0.1')]],
  ['"[::1]:8080:80"', [tcp(80, 8080, 8080, '::1')]],
  ['"0:80"', [tcp(80)]],
  ['"3000-3001"', [tcp(3000), tcp(3001)]],
  ['"9000-9001:90-91"', [tcp(90, 9000), tcp(91, 9001)]],
  ['"9000-9004:90"', [tcp(90, 9000, 9004)]],
  ['22:22', [tcp(22, 22)]],
  ['{target: 80}', [tcp(80)]],
  [
    '{target: "80", published: "8080", host_ip: 127.0.0.1, mode: host, app_protocol: http}',
    [tcp(80, 8080, 8080, '127.0.0.1')],
  ],
  ['{target: 80, published: 8080-8090}', [tcp(80, 8080, 8090)]],
  ['"53:53/udp"', [{ at: 'compose.yaml:4', target: 53, published: { first: 53, last: 53 }, protocol: 'udp' }]],
];

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['http', 'E_COMPOSE', /compose\.yaml:4:13: services\.a\.ports\[0\]: "http" is not/],
  ['"80:"', 'E_COMPOSE', /is not \[\[ADDRESS/],
  ['"0"', 'E_COMPOSE', /is not \[\[ADDRESS/],
  ['"70000:80"', 'E_COMPOSE', /is not/],
  ['"90-80"', 'E_COMPOSE', /is not/],
  ['"8000-8001:80-82"', 'E_COMPOSE', /2 ports of the host for 3/],
  ['"1-60000"', 'E_COMPOSE', /more than 1000 ports/],
  ['"example.org:80:80"', 'E_COMPOSE', /no IP address/],
  ['"999.0.0.1:80:80"', 'E_COMPOSE', /no IP address/],
  ['"80:80/sctp"', 'E_COMPOSE_UNSUPPORTED', /sctp/],
  ['"80:80/tpc"', 'E_COMPOSE', /"tpc" is no protocol/],
  ['{published: 80}', 'E_COMPOSE', /`target` is missing/],
  ['{target: 80, publish: 80}', 'E_COMPOSE', /unknown key "publish" \(did you mean "published"\?\)/],
  ['{target: 1.5}', 'E_COMPOSE', /a whole number/],
  ['[80]', 'E_COMPOSE', /expected a text, got a list/],
  ['~', 'E_COMPOSE', /expected a text, got nothing/],
];

describe('ports', () => {
  it.each(TABLE)('%s', (text, expected) => {
    expect(draftOf(`image: i\nports: [${text}]`).draft.service.ports).toEqual(expected);
  });

  it.each(WRONG)('refuses %s', (text, code, message) => {
    const run = (): unknown => draftOf(`image: i\nports: [${text}]`);
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});
