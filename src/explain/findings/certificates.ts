import { createHash, X509Certificate } from 'node:crypto';
import { textOfBytes } from '../../base/path.ts';
import type { Subject } from './subject.ts';
import type { Certificates } from './types.ts';

const NAME = /\.(?:pem|crt|cer|cert|der|p7b)$|\/(?:ca-bundle|ca-certificates|tls-ca-bundle)[^/]*$/;
/** The bundle of all authorities has a quarter of that. */
const MAX_BYTES = 1024 * 1024; // 1 MiB
const MAX_FILES = 5000;
/** Of one file: more are counted, but not read. */
const MAX_READ = 2000;
/** Of all files together, the same one counted once: many times what is in a bundle. */
const MAX_DIFFERENT = 20_000;
/** Of one certificate; the largest have a tenth of that. */
const MAX_CERTIFICATE_CHARS = 64 * 1024; // 64 KiB
const LINE = /-----(BEGIN|END) (?:TRUSTED |X509 )?CERTIFICATE-----/g;
/** SEQUENCE with a length of two bytes, as every certificate begins. */
const DER = /^\x30\x82/;

/** Files of certificates by their names, with how many are in each and when the first of them ends. */
export async function certificates({
  content,
  tree,
}: Pick<Subject, 'content' | 'tree'>): Promise<readonly Certificates[]> {
  const found: Certificates[] = [];
  // Bundles hold what lies beside them one by one.
  const known = new Map<string, number | undefined>();
  let files = 0;
  for (const entry of tree.walk()) {
    if (entry.type !== 'file' || entry.size === 0 || entry.size > MAX_BYTES || !NAME.test(entry.path)) continue;
    if (++files > MAX_FILES) break;
    const bytes = Buffer.from(await content.read(entry));
    const parts = certificatesIn(bytes);
    const ends = parts.slice(0, MAX_READ).flatMap((part) => endOf(part, known) ?? []);
    // What no certificate can be read of is something else.
    if (ends.length === 0) continue;
    const first = Math.min(...ends);
    found.push({
      path: textOfBytes(entry.path),
      count: parts.length,
      notAfter: `${new Date(first).toISOString().slice(0, 19)}Z`,
    });
  }
  return found;
}

interface Part {
  readonly certificate: string | Buffer;
  /** As latin1. */
  readonly chars: string;
}

function certificatesIn(bytes: Buffer): readonly Part[] {
  const text = bytes.toString('latin1');
  if (DER.test(text)) return [{ certificate: bytes, chars: text }];
  const parts: Part[] = [];
  let start: number | undefined;
  // One that ends nowhere is none: from the last line that begins one, so that no text is looked at twice.
  for (const { 0: line, 1: kind, index } of text.matchAll(LINE)) {
    if (kind === 'END' && start !== undefined) {
      const certificate = text.slice(start, index + line.length);
      parts.push({ certificate, chars: certificate });
    }
    start = kind === 'BEGIN' ? index : undefined;
  }
  return parts;
}

/** Milliseconds since the epoch; undefined for what is no certificate. */
function endOf({ certificate, chars }: Part, known: Map<string, number | undefined>): number | undefined {
  if (chars.length > MAX_CERTIFICATE_CHARS) return undefined;
  const key = createHash('sha256').update(chars.replace(/\s+/g, ''), 'latin1').digest('base64');
  if (!known.has(key) && known.size < MAX_DIFFERENT) known.set(key, readEnd(certificate));
  return known.get(key);
}

function readEnd(certificate: string | Buffer): number | undefined {
  try {
    const time = Date.parse(new X509Certificate(certificate).validTo);
    return Number.isNaN(time) ? undefined : time;
  } catch {
    // OpenSSL has a code for everything that can be wrong with one.
    return undefined;
  }
}
