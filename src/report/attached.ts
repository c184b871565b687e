import type { AttachedDocument } from '../attest/attach.ts';
import { formatSize, shortDigest } from './format.ts';

/** What refers to an image that was made: a line for each document. */
export function attachedLines({ attached }: { readonly attached: readonly AttachedDocument[] }): string[] {
  return attached.map(
    ({ artifactType, digest, document }) =>
      `  beside    ${artifactType}, ${formatSize(document.size)}, ${shortDigest(digest)}`,
  );
}
