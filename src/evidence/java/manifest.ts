import type { ByteString } from '../../base/path.ts';

/** The main attributes of a MANIFEST.MF by their names in lower case (JAR File Specification, "Manifest Specification"): lines of 72 bytes go on behind a space. */
export function attributesOf(text: ByteString): ReadonlyMap<string, ByteString> {
  const attributes = new Map<string, ByteString>();
  const [main = ''] = text.replaceAll(/\r\n?/g, '\n').replaceAll('\n ', '').split('\n\n');
  for (const line of main.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) attributes.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return attributes;
}
