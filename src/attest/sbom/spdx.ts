import { createHash } from 'node:crypto';
import { compareBytes } from '../../base/path.ts';
import { VERSION } from '../../base/version.ts';
import type { Component, Inventory, SbomFile } from './types.ts';
import { removedText, titleOf } from './words.ts';

const DOCUMENT = 'SPDXRef-DOCUMENT';
const IMAGE = 'SPDXRef-Image';
const NOTHING_SAID = 'NOASSERTION';

interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: string;
  readonly relatedSpdxElement: string;
}

/**
 * An SPDX 2.3 document (https://spdx.github.io/spdx-spec/v2.3/): the image is what it describes; it contains packages, and they contain files. What was left out
 * of a package stands in its comment and, path by path, in an annotation. The same image gives the same text.
 */
export function spdxDocument(inventory: Inventory): object {
  const { components, created, digest, loose } = inventory;
  const creator = `Tool: tare-${VERSION}`;
  const ids = new Map(components.map((component) => [component, idOf(component)]));
  const files = [...loose, ...components.flatMap((component) => component.files)].sort((a, b) =>
    compareBytes(a.path, b.path),
  );
  const annotation = (comment: string): object => ({
    annotationDate: created,
    annotationType: 'OTHER',
    annotator: creator,
    comment,
  });
  const relationships: Relationship[] = [
    { spdxElementId: DOCUMENT, relationshipType: 'DESCRIBES', relatedSpdxElement: IMAGE },
    ...components.map((component) => contains(IMAGE, ids.get(component) ?? '')),
    ...loose.map((file) => contains(IMAGE, fileId(file))),
    ...components.flatMap((component) =>
      component.files.map((file) => contains(ids.get(component) ?? '', fileId(file))),
    ),
  ];
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: titleOf(inventory),
    documentNamespace: `urn:tare:sbom:spdx:${digest}`,
    creationInfo: { created, creators: [creator] },
    packages: [
      {
        SPDXID: IMAGE,
        name: titleOf(inventory),
        versionInfo: digest,
        downloadLocation: NOTHING_SAID,
        ...analysed(loose),
        primaryPackagePurpose: 'CONTAINER',
        ...(digest.startsWith('sha256:')
          ? { checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice(7) }] }
          : {}),
        licenseConcluded: NOTHING_SAID,
        licenseDeclared: NOTHING_SAID,
        copyrightText: NOTHING_SAID,
        ...(inventory.removed === null ? {} : { comment: removedText(inventory.removed) }),
      },
      ...components.map((component) => ({
        SPDXID: ids.get(component) ?? '',
        name: component.name,
        ...(component.version === '' ? {} : { versionInfo: component.version }),
        downloadLocation: NOTHING_SAID,
        ...analysed(component.files),
        licenseConcluded: NOTHING_SAID,
        licenseDeclared: NOTHING_SAID,
        copyrightText: NOTHING_SAID,
        sourceInfo: `record: ${component.record}`,
        externalRefs: [
          { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: component.purl },
        ],
        ...(component.removed === null
          ? {}
          : {
              comment: `partial: ${removedText(component.removed)}`,
              annotations: [annotation(`removed: ${JSON.stringify(component.removed.paths)}`)],
            }),
      })),
    ],
    files: files.map((file) => ({
      SPDXID: fileId(file),
      fileName: `.${file.path}`,
      checksums: [
        { algorithm: 'SHA1', checksumValue: file.sha1 },
        { algorithm: 'SHA256', checksumValue: file.sha256 },
      ],
      licenseConcluded: NOTHING_SAID,
      copyrightText: NOTHING_SAID,
    })),
    relationships,
  };
}

const contains = (from: string, to: string): Relationship => ({
  spdxElementId: from,
  relationshipType: 'CONTAINS',
  relatedSpdxElement: to,
});

/** SPDX 2.3, 7.8 and 7.9, of the files that the package itself contains: SHA-1 over the sorted SHA-1s of the files, in lower-case hex. */
function analysed(files: readonly SbomFile[]): object {
  if (files.length === 0) return { filesAnalyzed: false };
  const sums = files.map(({ sha1 }) => sha1).sort();
  const value = createHash('sha1').update(sums.join('')).digest('hex');
  return { filesAnalyzed: true, packageVerificationCode: { packageVerificationCodeValue: value } };
}

/** Letters, digits, dots and hyphens; two packages of one name differ by where their records are. */
function idOf({ manager, name, record, version }: Component): string {
  const readable = `${manager}-${name}-${version}`.replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, 80);
  return `SPDXRef-Package-${readable}-${short(`${manager}\0${name}\0${version}\0${record}`)}`;
}

const fileId = ({ path }: SbomFile): string => `SPDXRef-File-${short(path)}`;

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}
