import { createHash } from 'node:crypto';
import { VERSION } from '../../base/version.ts';
import type { Component, Inventory, SbomFile } from './types.ts';
import { titleOf } from './words.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

/**
 * A CycloneDX 1.6 document (ECMA-424): packages and run times as components, their files within them, files of nobody beside them. What was left out is told in properties
 * `tare:removed:*`. The same image gives the same text.
 */
export function cyclonedxDocument(inventory: Inventory): object {
  const { components, created, digest, loose, os, removed } = inventory;
  const image = `image:${digest}`;
  const refs = components.map(refOf);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [{ type: 'application', name: 'tare', version: VERSION }] },
      component: {
        'bom-ref': image,
        type: 'container',
        name: titleOf(inventory),
        version: digest,
        ...(removed === null ? {} : { properties: imageProperties(removed) }),
      },
    },
    components: [
      ...(os === null
        ? []
        : [
            {
              type: 'operating-system',
              'bom-ref': `os:${os.id}`,
              name: os.id,
              ...(os.version === null ? {} : { version: os.version }),
            },
          ]),
      ...components.map((component, at) => ({
        type: component.manager === 'runtime' ? 'platform' : 'library',
        'bom-ref': refs[at],
        name: component.name,
        ...(component.version === '' ? {} : { version: component.version }),
        purl: component.purl,
        properties: propertiesOf(component),
        ...(component.files.length === 0 ? {} : { components: component.files.map(fileComponent) }),
      })),
      ...loose.map(fileComponent),
    ],
    dependencies: [{ ref: image, dependsOn: [...(os === null ? [] : [`os:${os.id}`]), ...refs] }],
    compositions: [{ aggregate: 'complete', assemblies: [image] }],
  };
}

function fileComponent({ path, sha1, sha256, size }: SbomFile): object {
  return {
    type: 'file',
    'bom-ref': `file:${path}`,
    name: path,
    hashes: [
      { alg: 'SHA-1', content: sha1 },
      { alg: 'SHA-256', content: sha256 },
    ],
    properties: [{ name: 'tare:size', value: String(size) }],
  };
}

function propertiesOf({ manager, record, removed }: Component): Property[] {
  const known = [
    { name: 'tare:manager', value: manager },
    { name: 'tare:record', value: record },
  ];
  if (removed === null) return known;
  return [
    ...known,
    { name: 'tare:partial', value: 'true' },
    { name: 'tare:removed:files', value: String(removed.files) },
    { name: 'tare:removed:bytes', value: String(removed.bytes) },
    ...removed.paths.map((path) => ({ name: 'tare:removed:path', value: path })),
  ];
}

function imageProperties({ bytes, files, packages }: NonNullable<Inventory['removed']>): Property[] {
  return [
    { name: 'tare:removed:files', value: String(files) },
    { name: 'tare:removed:bytes', value: String(bytes) },
    ...packages.map(({ name }) => ({ name: 'tare:removed:package', value: name })),
  ];
}

/** Package URLs are the same for two copies of one package; their records are not. */
const refOf = ({ purl, record }: Component): string => `${purl}#${record}`;

/** A name-based UUID (RFC 9562, version 8) of the image's digest. */
function uuidOf(digest: string): string {
  const bytes = createHash('sha256').update(`cyclonedx\0${digest}`).digest().subarray(0, 16);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x80, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
