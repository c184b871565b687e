import { X509Certificate } from 'node:crypto';
import { textOfBytes } from '../../base/path.ts';
import type { Subject } from './subject.ts';
import type { Certificates } from './types.ts';

const NAME = /\.(?:pem|crt|cer|cert|der|p7b)$|\/(?:ca-bundle|ca-certificates|tls-ca-bundle)[^/]*$/;
/** The bundle of all authorities has a quarter of that. */
const MAX_BYTES = 1024 * 1024; // 1 MiB
const MAX_FILES = 5000;
/** Of one file: more are counted, but not read. */
const MAX_READ = 2000;
const BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const END = '-----END ';
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
  /** The same for the same certificate. */
  readonly key: string;
}

function certificatesIn(bytes: Buffer): readonly Part[] {
  const text = bytes.toString('latin1');
  if (DER.test(text)) return [{ certificate: bytes, key: text }];
  return [...text.matchAll(BEGIN)].flatMap(({ index }) => {
    const end = text.indexOf(END, index);
    const lineEnd = end === -1 ? -1 : text.indexOf('-----', end + END.length);
    if (lineEnd === -1) return [];
    const certificate = text.slice(index, lineEnd + '-----'.length);
    return [{ certificate, key: certificate.replace(/\s+/g, '') }];
  });
}

/** Milliseconds since the epoch; undefined for what is no certificate. */
function endOf(part: Part, known: Map<string, number | undefined>): number | undefined {
  if (!known.has(part.key)) known.set(part.key, readEnd(part.certificate));
  return known.get(part.key);
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
