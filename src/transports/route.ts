import { editDistance } from '../base/edit-distance.ts';

/** Prefixes of references, in the order of the help text. */
export const PREFIXES = ['docker', 'oci', 'oci-archive', 'docker-archive', 'docker-daemon'] as const;

export type Prefix = (typeof PREFIXES)[number];

/** Transports of other tools whose references could pass as `NAME:TAG`. */
const FOREIGN = new Set(['containers-storage', 'ostree']);

/** The known prefix of a reference; undefined when it is a name in the store, or something unknown. */
export function transportOf(text: string): Prefix | undefined {
  const colon = text.indexOf(':');
  const prefix = PREFIXES.find((known) => known === text.slice(0, Math.max(0, colon)));
  // `docker:dind` is a name in the store.
  return prefix === 'docker' && !text.startsWith('docker://') ? undefined : prefix;
}

/**
 * The prefix of a reference that looks like one of a transport which is not there, as the user wrote it: `https://`, `dir:`.
 * `NAME:TAG`, `HOST:PORT/NAME` and `sha256:…` are names in the store.
 */
export function unknownTransport(text: string): string | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  const prefix = match?.[1];
  const rest = match?.[2];
  if (prefix === undefined || rest === undefined) return undefined;
  if (rest.startsWith('//')) return `${prefix}://`;
  const slash = rest.indexOf('/');
  const isHost = slash !== -1 && /^\d+$/.test(rest.slice(0, slash));
  const isTag = slash === -1 && /^\w/.test(rest);
  return (isTag || isHost) && !FOREIGN.has(prefix) && misspelt(prefix) === undefined ? undefined : `${prefix}:`;
}

/** `docker-achive` would pass as a name of the store. The short prefixes are too near to words that are names. */
export function misspelt(prefix: string): Prefix | undefined {
  return PREFIXES.find(
    (known) => known.length > 'docker'.length && known !== prefix && editDistance(prefix, known) <= 2,
  );
}
