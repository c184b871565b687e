import type { FoundSecret } from './token-rules.ts';

const JKS_MAGIC = '\xfe\xed\xfe\xed';
/** Magic, version, count: then the first entry begins with its tag. */
const JKS_TAG_AT = 15;
const JKS_PRIVATE_KEY = 1;
/** SEQUENCE of any length, then INTEGER 3: the version of PFX (RFC 7292, section 4). */
const PKCS12 = /^\x30(?:[\x80]|\x81.|\x82..|\x83...|[\x02-\x7f])\x02\x01\x03/s;

/** Key stores are binary; what is in them is told as far as it is not encrypted. `text` has one char code per byte. */
export function keyStoreIn(text: string): readonly FoundSecret[] {
  if (PKCS12.test(text)) return [{ kind: 'key store (PKCS#12)', line: 1 }];
  // A store of trusted certificates has other entries; keytool writes keys in the order in which a hash table has them.
  const isJks = text.startsWith(JKS_MAGIC) && text.charCodeAt(JKS_TAG_AT) === JKS_PRIVATE_KEY;
  return isJks ? [{ kind: 'key store (JKS)', line: 1 }] : [];
}
