/** Of pre-releases, before the release itself: `2.0.0-rc.1` (semver, 11), `2.0rc1` (PEP 440). */
const PRE_RELEASE = /(?:-|(?<=\d)[._]?(?=(?:a|b|c|rc|alpha|beta|dev|pre)\d))/;

/**
 * Order of the versions of languages: numbers between dots, then what is before a release. It is that of semver for npm, and that of PEP 440 for the versions
 * that are in use: epochs (`1!2.0`) come first, a local part (`+cpu`) does not count.
 */
export function compareDottedVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return (
    left.epoch - right.epoch ||
    compareLists(left.release, right.release, 0) ||
    Number(left.pre === undefined) - Number(right.pre === undefined) ||
    compareLists(left.pre ?? [], right.pre ?? [], -1)
  );
}

interface Parts {
  readonly epoch: number;
  readonly release: readonly (string | number)[];
  readonly pre: readonly (string | number)[] | undefined;
}

function partsOf(text: string): Parts {
  const [, epoch = '0', rest = ''] = /^v?(?:(\d{1,9})!)?([^+]*)/.exec(text.trim()) ?? [];
  const cut = PRE_RELEASE.exec(rest);
  const release = cut === null ? rest : rest.slice(0, cut.index);
  const pre = cut === null ? undefined : rest.slice(cut.index + cut[0].length);
  return { epoch: Number(epoch), release: words(release), pre: pre === undefined ? undefined : words(pre) };
}

const words = (text: string): readonly (string | number)[] =>
  (text.match(/\d+|[a-z]+/gi) ?? []).map((word) => (/^\d/.test(word) ? Number(word) : word));

/** @param missing what stands in for a part that one of both lacks; below 0: the shorter one comes first */
function compareLists(a: readonly (string | number)[], b: readonly (string | number)[], missing: number): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left = missing, right = missing] = [a[at], b[at]];
    if (left === right) continue;
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    // Numbers come before letters (semver, 11.4.3).
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}
