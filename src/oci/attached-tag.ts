import type { Digest } from '../base/digest.ts';
import { isDigest } from '../base/digest.ts';

/** distribution-spec 1.1, "Referrers Tag Schema", and what cosign puts behind it. */
const ATTACHED = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/;

/**
 * The manifest that a tag belongs to: of lists of referrers (`sha256-HEX`), and of signatures, attestations and bills of materials as cosign
 * keeps them (`sha256-HEX.sig`). Such a tag goes and stays with its manifest. Undefined for all other tags.
 */
export function attachedTo(tag: string): Digest | undefined {
  const [, algorithm, hex] = ATTACHED.exec(tag) ?? [];
  const digest = `${algorithm ?? ''}:${hex ?? ''}`;
  return isDigest(digest) ? digest : undefined;
}
