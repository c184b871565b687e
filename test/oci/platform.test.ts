import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  normalisePlatform,
  parsePlatform,
  platformText,
  samePlatform,
  selectPlatform,
} from '../../src/oci/platform.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Descriptor, ImageIndex, Platform } from '../../src/oci/types.ts';

describe('parsePlatform', () => {
  it.each([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
    ['linux/x86_64', { os: 'linux', architecture: 'amd64' }],
    ['Linux/X86-64', { os: 'linux', architecture: 'amd64' }],
    ['linux/amd64/v1', { os: 'linux', architecture: 'amd64' }],
    ['linux/amd64/v3', { os: 'linux', architecture: 'amd64', variant: 'v3' }],
    ['linux/arm64/v8', { os: 'linux', architecture: 'arm64' }],
    ['linux/arm64/8', { os: 'linux', architecture: 'arm64' }],
    ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
    ['linux/arm64/v9', { os: 'linux', architecture: 'arm64', variant: 'v9' }],
    ['linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/arm/6', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['linux/armhf', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/armel', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['linux/i386', { os: 'linux', architecture: '386' }],
    ['arm64', { os: 'linux', architecture: 'arm64' }],
    ['macos/arm64', { os: 'darwin', architecture: 'arm64' }],
    ['linux/riscv64', { os: 'linux', architecture: 'riscv64' }],
    ['linux/constructor', { os: 'linux', architecture: 'constructor' }],
  ])('reads %s', (text, expected) => {
    expect(parsePlatform(text)).toEqual(expected);
  });

  it.each(['', '/', 'linux/', 'linux/amd64/v1/x', 'linux/amd 64', 'linux//v8', `linux/${'a'.repeat(65)}`])(
    'refuses %j',
    (text) => {
      expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'E_PLATFORM' }));
    },
  );
});

const platform: fc.Arbitrary<Platform> = fc
  .tuple(
    fc.constantFrom('linux', 'Linux', 'windows', 'macos'),
    fc.constantFrom('amd64', 'x86_64', 'arm64', 'aarch64', 'arm', 'armhf', '386', 's390x'),
    fc.option(fc.constantFrom('', 'v1', '1', 'v6', '7', 'v8', 'V9')),
  )
  .map(([os, architecture, variant]) => ({ os, architecture, ...(variant === null ? {} : { variant }) }));

describe('properties', () => {
  it('normalising twice changes nothing, text and value say the same, sameness is an equivalence', () => {
    fc.assert(
      fc.property(platform, platform, (a, b) => {
        expect(normalisePlatform(normalisePlatform(a))).toEqual(normalisePlatform(a));
        expect(parsePlatform(platformText(a))).toEqual(normalisePlatform(a));
        expect(samePlatform(a, normalisePlatform(a))).toBe(true);
        expect(samePlatform(a, b)).toBe(samePlatform(b, a));
      }),
    );
  });
});

const digestOf = (letter: string): Descriptor['digest'] => `sha256:${letter.repeat(64)}`;
const entry = (letter: string, platform?: string, annotations?: Record<string, string>): Descriptor => {
  const [os = '', architecture = '', variant] = (platform ?? '').split('/');
  return {
    mediaType: OCI_MANIFEST,
    digest: digestOf(letter),
    size: 1,
    ...(platform === undefined
      ? {}
      : { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }),
    ...(annotations === undefined ? {} : { annotations }),
  };
};
const indexOf = (...manifests: Descriptor[]): ImageIndex => ({ schemaVersion: 2, manifests });

describe('selectPlatform', () => {
  const index = indexOf(
    entry('0', 'unknown/unknown'),
    entry('a', 'linux/amd64'),
    entry('b', 'linux/arm64/v8'),
    entry('c', 'linux/arm/v6'),
    entry('d', 'linux/arm/v7'),
    entry('e', 'windows/amd64'),
    entry('f', 'linux/amd64'),
  );

  it.each([
    ['linux/amd64', 'a'],
    ['linux/amd64/v3', 'a'],
    ['linux/arm64', 'b'],
    ['linux/arm64/v9', 'b'],
    ['linux/arm', 'd'],
    ['linux/arm/v8', 'd'],
    ['linux/arm/v6', 'c'],
    ['windows/amd64', 'e'],
  ])('for %s chooses %s', (wanted, letter) => {
    expect(selectPlatform(index, parsePlatform(wanted)).digest).toBe(digestOf(letter));
  });

  it('lists what is offered when nothing suits', () => {
    for (const wanted of ['linux/s390x', 'linux/arm/v5', 'unknown/unknown']) {
      expect(() => selectPlatform(index, parsePlatform(wanted))).toThrow(
        expect.objectContaining({
          code: 'E_PLATFORM',
          message: `the image does not offer ${wanted}, only linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64, windows/amd64`,
        }),
      );
    }
  });

  it('takes a lone manifest that names no platform, whatever attestations are beside it', () => {
    const attestation = entry('9', 'unknown/unknown', { 'vnd.docker.reference.type': 'attestation-manifest' });
    expect(selectPlatform(indexOf(attestation, entry('a')), parsePlatform('linux/arm64')).digest).toBe(digestOf('a'));
  });

  it('does not guess among several that name none', () => {
    expect(() => selectPlatform(indexOf(entry('a'), entry('b')), parsePlatform('linux/amd64'))).toThrow(
      /manifests that name no platform/,
    );
    expect(() => selectPlatform(indexOf(), parsePlatform('linux/amd64'))).toThrow(
      expect.objectContaining({ code: 'E_PLATFORM' }),
    );
  });
});
