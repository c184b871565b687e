import { TareError } from '../../base/error.ts';
import { compareNumbers } from './numbers.ts';

/** Longer than any version that was ever given. */
const MAX_VERSION_BYTES = 1024;
/** dpkg keeps the epoch in a C int. */
const MAX_EPOCH = 0x7fffffff;

interface DebVersion {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

/**
 * Negative when `a` is older, positive when it is newer, 0 when dpkg takes them for equal (`1.0` and `1.0-0`).
 * Order of deb-version(7): epoch, upstream version, revision; '~' before everything, even the end.
 * @throws TareError E_VERSION when `dpkg --validate-version` would refuse it
 */
export function compareDebVersions(a: string, b: string): number {
  const left = parseDebVersion(a);
  const right = parseDebVersion(b);
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function parseDebVersion(text: string): DebVersion {
  if (text.length > MAX_VERSION_BYTES) throw invalid(text.slice(0, 40), `is longer than ${MAX_VERSION_BYTES} bytes`);
  const colon = text.indexOf(':');
  const epoch = colon === -1 ? '0' : text.slice(0, colon);
  if (!/^\d+$/.test(epoch) || compareNumbers(epoch, String(MAX_EPOCH)) > 0)
    throw invalid(text, 'has an epoch that is no small number');
  const rest = text.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  const upstream = dash === -1 ? rest : rest.slice(0, dash);
  const revision = dash === -1 ? '' : rest.slice(dash + 1);
  if (!/^\d/.test(upstream)) throw invalid(text, 'has an upstream version that does not start with a digit');
  if (!/^[A-Za-z0-9.+\-~:]+$/.test(upstream))
    throw invalid(text, 'has an upstream version with other characters than A-Z a-z 0-9 . + - ~ :');
  if (dash !== -1 && !/^[A-Za-z0-9.+~]+$/.test(revision))
    throw invalid(text, 'has a revision that is empty or has other characters than A-Z a-z 0-9 . + ~');
  return { epoch: Number(epoch), upstream, revision };
}

/** Runs of non-digits and of digits in turn (deb-version(7), "Sorting algorithm"). */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const from = [i, j] as const;
    while (isDigit(a, i)) i += 1;
    while (isDigit(b, j)) j += 1;
    const difference = compareNumbers(a.slice(from[0], i), b.slice(from[1], j));
    if (difference !== 0) return difference;
  }
  return 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** '~' before the end (and before digits, which end a run), letters before all other characters. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 0x7e) return -1;
  return /[A-Za-z]/.test(text.charAt(at)) ? code : code + 256;
}

function invalid(text: string, why: string): TareError {
  return new TareError('E_VERSION', `the Debian version ${JSON.stringify(text)} ${why}`);
}
