import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/base/digest.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { SBOM_FORMATS } from '../../../src/attest/sbom/formats.ts';
import { purlOf, runtimePurl } from '../../../src/attest/sbom/purl.ts';
import type { Component, Inventory, SbomFile } from '../../../src/attest/sbom/types.ts';
import { titleOf } from '../../../src/attest/sbom/words.ts';

const RECORD = pathOfText('/record');
const DEBIAN = { id: 'debian', name: 'Debian GNU/Linux', version: '12.5' };
const DIGEST = `sha256:${'0a'.repeat(32)}` as Digest;

const file = (path: string): SbomFile => ({ path, size: 3, sha1: 'a9'.repeat(20), sha256: 'ba'.repeat(32) });
const component = (name: string, rest: Partial<Component> = {}): Component => ({
  manager: 'dpkg',
  name,
  version: '1.0-1',
  purl: `pkg:deb/debian/${name}@1.0-1`,
  record: '/var/lib/dpkg/status',
  files: [],
  removed: null,
  ...rest,
});
const inventory = (rest: Partial<Inventory> = {}): Inventory => ({
  reference: 'app:latest',
  digest: DIGEST,
  platform: { os: 'linux', architecture: 'amd64' },
  created: '2024-01-01T00:00:00Z',
  os: DEBIAN,
  runtimes: [],
  components: [],
  loose: [],
  removed: null,
  ...rest,
});

describe('package URLs', () => {
  it.each([
    [
      { manager: 'dpkg', name: 'libc6', version: '2.36-9+deb12u4', architecture: 'amd64' },
      DEBIAN,
      'pkg:deb/debian/libc6@2.36-9+deb12u4?arch=amd64&distro=debian-12.5',
    ],
    [{ manager: 'dpkg', name: 'libgmp10', version: '2:6.2.1' }, null, 'pkg:deb/debian/libgmp10@2:6.2.1'],
    [
      { manager: 'apk', name: 'musl', version: '1.2.5-r0', architecture: 'x86_64' },
      { id: 'alpine', name: 'Alpine Linux', version: '3.20.3' },
      'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3',
    ],
    [{ manager: 'npm', name: '@fastify/ajv', version: '4.0.0' }, DEBIAN, 'pkg:npm/%40fastify/ajv@4.0.0'],
    [{ manager: 'npm', name: 'zod', version: '' }, null, 'pkg:npm/zod'],
    [{ manager: 'python', name: 'Flask_Login', version: '0.6' }, DEBIAN, 'pkg:pypi/flask-login@0.6'],
  ] as const)('%j', (pkg, os, expected) => {
    expect(
      decodeURI(purlOf({ ...pkg, record: RECORD }, os))
        .replaceAll('%2B', '+')
        .replaceAll('%3A', ':'),
    ).toBe(decodeURI(expected));
  });

  it.each([
    ['node', 'pkg:generic/node@20.1.0'],
    ['go', 'pkg:golang/stdlib@20.1.0'],
  ])('of the run time %s', (name, expected) => {
    expect(runtimePurl({ name, version: '20.1.0' })).toBe(expected);
  });
});

describe('the name of an image', () => {
  it.each([
    ['app:latest', 'app:latest'],
    ['host:5000/team/app:1', 'app:1'],
    ['oci:/home/me/layout:app:1', 'app:1'],
    ['oci:/home/me/layout', DIGEST],
    ['docker-archive:/home/me/app.tar', DIGEST],
    ['docker-daemon:app:2', 'app:2'],
    [DIGEST, DIGEST],
  ])('%s', (reference, expected) => {
    expect(titleOf(inventory({ reference }))).toBe(expected);
  });
});

interface Spdx {
  readonly packages: readonly {
    SPDXID: string;
    name: string;
    filesAnalyzed: boolean;
    comment?: string;
    annotations?: { comment: string }[];
  }[];
  readonly files: readonly { SPDXID: string; fileName: string }[];
  readonly relationships: readonly { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
}
interface Bom {
  readonly serialNumber: string;
  readonly components: readonly {
    'bom-ref': string;
    type: string;
    name: string;
    properties?: { name: string; value: string }[];
    components?: object[];
  }[];
}

const PARTIAL = inventory({
  components: [
    component('bash', {
      files: [file('/bin/bash')],
      removed: { files: 2, bytes: 30, paths: ['/usr/share/doc/a,b', '/usr/share/man/x'] },
    }),
    component('twin', { record: '/a/package.json', manager: 'npm' }),
    component('twin', { record: '/b/package.json', manager: 'npm' }),
  ],
  loose: [file('/app/server.js')],
  removed: { files: 9, bytes: 1000, packages: [{ name: 'gone', files: 7, bytes: 970 }] },
});

describe('SPDX', () => {
  const document = SBOM_FORMATS.spdx.write(PARTIAL) as Spdx;

  it('describes the image, which contains packages and files, each once', () => {
    const ids = [...document.packages, ...document.files].map((item) => item.SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    const targets = document.relationships.map((item) => item.relatedSpdxElement);
    expect(targets.toSorted()).toEqual(ids.toSorted());
    expect(document.files.map((item) => item.fileName)).toEqual(['./app/server.js', './bin/bash']);
  });

  it('says what was left out', () => {
    const [image, bash, twin] = document.packages;
    expect(image?.comment).toBe('9 files (1000 bytes) left out, because nothing needs them here');
    expect(bash?.comment).toBe('partial: 2 files (30 bytes) left out, because nothing needs them here');
    expect(bash?.annotations?.[0]?.comment).toBe('removed: ["/usr/share/doc/a,b","/usr/share/man/x"]');
    expect(twin?.comment).toBeUndefined();
    expect([image, bash, twin].map((item) => item?.filesAnalyzed)).toEqual([true, true, false]);
  });
});

describe('CycloneDX', () => {
  const document = SBOM_FORMATS.cyclonedx.write(PARTIAL) as Bom;

  it('has components with references of their own', () => {
    const refs = document.components.map((item) => item['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(document.components.map(({ name, type }) => `${type} ${name}`)).toEqual([
      'operating-system debian',
      'library bash',
      'library twin',
      'library twin',
      'file /app/server.js',
    ]);
    expect(document.components[1]?.components).toHaveLength(1);
    expect(document.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('says what was left out', () => {
    expect(document.components[1]?.properties).toEqual(
      expect.arrayContaining([
        { name: 'tare:partial', value: 'true' },
        { name: 'tare:removed:bytes', value: '30' },
        { name: 'tare:removed:path', value: '/usr/share/man/x' },
      ]),
    );
  });
});
