/** A version as the host compares them: SemVer 2 (dotnet/runtime, src/native/corehost/fxr/fx_ver.cpp). */
export interface Version {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Dot-separated identifiers; empty for a release. */
  readonly pre: readonly string[];
}

const PATTERN = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;

export function parseVersion(text: string): Version | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, pre = ''] = match;
  return {
    text,
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    pre: pre === '' ? [] : pre.split('.'),
  };
}

/** SemVer 2, rule 11: a pre-release comes before its release; numbers by value, and before words. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return numbers;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const order = compareIdentifiers(a.pre[at], b.pre[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const numeric = /^\d+$/;
  if (numeric.test(a) && numeric.test(b)) return Number(a) - Number(b);
  if (numeric.test(a) !== numeric.test(b)) return numeric.test(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Version texts of assemblies and files, `3.100.220.6706`: by number, the missing ones lowest. */
export function compareQuads(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : -1)));
  for (let at = 0; at < 4; at++) {
    const order = (left?.[at] ?? -1) - (right?.[at] ?? -1);
    if (order !== 0) return order;
  }
  return 0;
}
