import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TareError } from '../../../src/base/error.ts';
import { decodeProfile, encodeProfile, mergeProfiles, type Profile } from '../../../src/evidence/observed/index.ts';
import { expectShape } from '../../helpers/schema.ts';
import { anyProfile, orderly, profileWith } from './profiles.ts';

const bytesOf = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const ROW = ['/a', 'open', ['start'], ['/bin/sh']];
const document = (members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  tareProfile: 1,
  platforms: ['linux/amd64'],
  ports: [],
  paths: [ROW],
  ...members,
});

function errorOf(bytes: Uint8Array): TareError {
  try {
    decodeProfile(bytes);
  } catch (error) {
    if (error instanceof TareError) return error;
    throw error;
  }
  throw new Error('it was taken for a profile');
}

describe('the profile as a file', () => {
  it('has one line per path, for reviewers', () => {
    const profile: Profile = {
      platforms: ['linux/arm64', 'linux/amd64'],
      ports: [8080],
      syscalls: ['read', 'accept4'],
      paths: [
        ...profileWith([
          { path: '/usr/bin/python3.11', how: ['stat', 'exec'], by: ['/usr/bin/env'] },
          { path: '/app/caf\xc3\xa9 \xff', how: ['open'], phases: ['start', 'http GET 8080/resize?…'] },
        ]).paths,
      ],
    };
    const text = Buffer.from(encodeProfile(profile)).toString('utf8');
    expect(text).toBe(`{"tareProfile":1,
"platforms": ["linux/amd64", "linux/arm64"],
"ports": [8080],
"syscalls": [
"accept4",
"read"
],
"paths": [
["/app/café \\udcff", "open", ["http GET 8080/resize?…", "start"], []],
["/usr/bin/python3.11", "exec stat", ["start"], ["/usr/bin/env"]]
]}
`);
    expectShape('profile', JSON.parse(text));
  });

  it('is read as it was written, whatever the names', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const bytes = encodeProfile(profile);
        expect(decodeProfile(bytes)).toEqual(orderly(profile));
        expect(encodeProfile(decodeProfile(bytes))).toEqual(bytes);
        expectShape('profile', JSON.parse(Buffer.from(bytes).toString('utf8')));
      }),
    );
  });

  it('has the same bytes in whatever order it was recorded', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const turned = { ...profile, paths: profile.paths.toReversed(), ports: profile.ports.toReversed() };
        expect(encodeProfile(turned)).toEqual(encodeProfile(profile));
      }),
    );
  });

  it('may be put together by hand: lines in any order, and twice', () => {
    const rows = [['/b', 'stat', ['start'], []], ROW, ['/b', 'open', ['log'], []]];
    expect(decodeProfile(bytesOf(document({ paths: rows }))).paths).toEqual([
      { path: '/a', how: ['open'], phases: ['start'], by: ['/bin/sh'] },
      { path: '/b', how: ['open', 'stat'], phases: ['log', 'start'], by: [] },
    ]);
  });
});

describe('what is no profile', () => {
  const row = (at: number, value: unknown): unknown => document({ paths: [ROW.with(at, value as string)] });
  it.each<[what: string, value: unknown, says: RegExp]>([
    ['nothing', '', /not JSON/],
    ['half of one', JSON.stringify(document()).slice(0, 40), /not JSON/],
    ['a list', [], /no JSON object/],
    ['another document', { openapi: '3.1.0' }, /no member "tareProfile"/],
    ['an unknown member', document({ extra: 1 }), /unknown member "extra"/],
    ['a hostile member', JSON.stringify(document()).replace('"ports"', '"__proto__":{},"ports"'), /"__proto__"/],
    ['no paths', { tareProfile: 1, platforms: [], ports: [] }, /"paths" is not a list/],
    ['paths by name', document({ paths: { '/a': 'open' } }), /"paths" is not a list/],
    ['a row that is no list', document({ paths: ['/a'] }), /paths\[0\] is not \[path, how, phases, by\]/],
    ['a short row', document({ paths: [ROW, ROW.slice(0, 3)] }), /paths\[1\] is not/],
    ['a relative path', row(0, 'etc/passwd'), /"etc\/passwd", which is not a clean absolute path/],
    ['a path that climbs', row(0, '/app/../../etc'), /not a clean/],
    ['a path with a dot', row(0, '/app/./x'), /not a clean/],
    ['a path with a slash too many', row(0, '/app/'), /not a clean/],
    ['a path with a NUL', row(0, '/a\0b'), /not a clean/],
    ['a path that is too long', row(0, `/${'x'.repeat(5000)}`), /not a clean/],
    ['a number for a path', row(0, 7), /not text/],
    ['an unknown way', row(1, 'open unlink'), /"unlink", which is not known/],
    ['a way of Object.prototype', row(1, 'constructor'), /"constructor", which is not known/],
    ['no way', row(1, ''), /"", which is not known/],
    ['ways as a list', row(1, ['open']), /how it was asked for/],
    ['a phase that is no line', row(2, ['a\nb']), /phase "a\\nb", which is not a line/],
    ['a phase that clears the screen', row(2, ['\u001b[2J']), /not a line/],
    ['an empty phase', row(2, ['']), /not a line/],
    ['phases as text', row(2, 'start'), /no list of phases/],
    ['a host path that is relative', row(3, ['../sh']), /not a clean/],
    ['a port beyond', document({ ports: [65_536] }), /ports\[0\] is 65536, not a port/],
    ['a port as text', document({ ports: ['80'] }), /ports\[0\] is "80"/],
    ['a platform with spaces', document({ platforms: ['linux / amd64'] }), /platforms\[0\]/],
    ['a system call with an escape', document({ syscalls: ['read\u001b'] }), /syscalls\[0\]/],
  ])('%s', (_what, value, says) => {
    const error = errorOf(bytesOf(value));
    expect([error.code, error.exit]).toEqual(['E_PROFILE', 2]);
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/[\n\u001b]/);
  });

  it('bytes that are not UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify(document()), 'utf8');
    bytes[bytes.indexOf('/a') + 1] = 0xff;
    expect(errorOf(bytes)).toMatchObject({ code: 'E_PROFILE', message: expect.stringMatching(/not JSON/) as string });
  });

  it('of a newer tare, which says so', () => {
    const error = errorOf(bytesOf(document({ tareProfile: 2 })));
    expect(error).toMatchObject({ code: 'E_PROFILE', message: expect.stringMatching(/version 2/) as string });
    expect(error.hint).toMatch(/update/);
  });

  it('with the marks of a git conflict, which has a cure', () => {
    const text = JSON.stringify(document(), undefined, 1).replace('\n', '\n<<<<<<< HEAD\n');
    expect(errorOf(bytesOf(text)).hint).toMatch(/tare profile merge/);
  });

  it.each<[what: string, bytes: () => Uint8Array, code: string]>([
    ['too many paths', () => bytesOf(document({ paths: Array.from({ length: 500_001 }, () => 0) })), 'E_LIMIT'],
    [
      'too many phases',
      () =>
        bytesOf(
          row(
            2,
            Array.from({ length: 10_001 }, () => 'x'),
          ),
        ),
      'E_PROFILE',
    ],
    ['too many ports', () => bytesOf(document({ ports: Array.from({ length: 10_001 }, () => 1) })), 'E_LIMIT'],
    ['too many bytes', () => new Uint8Array(64 * 1024 * 1024 + 1), 'E_LIMIT'],
    ['lists in lists', () => bytesOf(`{"tareProfile":1,"paths":${'['.repeat(2_000_000)}`), 'E_PROFILE'],
  ])('%s', (_what, bytes, code) => {
    expect(errorOf(bytes()).code).toBe(code);
  });

  it('never anything else than a coded error', () => {
    const whole = Buffer.from(encodeProfile(profileWith([{ path: '/a' }, { path: '/b/c', by: ['/bin/sh'] }])));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3), (at, byte, cut) => {
        const damaged = Buffer.from(whole.subarray(0, whole.length - cut));
        if (at < damaged.length) damaged[at] = byte;
        try {
          mergeProfiles(decodeProfile(damaged));
        } catch (error) {
          expect(error).toBeInstanceOf(TareError);
        }
      }),
    );
  });
});
