import picomatch from 'picomatch';
import { isTareError } from '../../../base/error.ts';
import type { PackagePattern, VersionRelation } from '../../../config/check.ts';
import { compareApkVersions } from '../../../formats/versions/apk.ts';
import { compareDebVersions } from '../../../formats/versions/deb.ts';
import type { Package } from '../../../packages/types.ts';
import { holdingOf } from '../attribution.ts';
import type { Evidence, Facts, Outcome, RuleSpec } from '../types.ts';
import { compareDottedVersions } from '../versions.ts';
import { rule } from './rule.ts';

/** One result for each pattern. */
export const PACKAGES: readonly RuleSpec[] = [
  rule({
    id: 'packages.forbid',
    title: 'packages that must not be there',
    key: ['packages', 'forbid'],
    setting: ({ packages }) => packages?.forbid,
    check: (facts, patterns) => patterns.map((pattern) => forbidden(facts, pattern)),
  }),
  rule({
    id: 'packages.require',
    title: 'packages that have to be there',
    key: ['packages', 'require'],
    setting: ({ packages }) => packages?.require,
    check: (facts, patterns) => patterns.map((pattern) => required(facts, pattern)),
  }),
];

function forbidden(facts: Facts, pattern: PackagePattern): Outcome {
  // A version that nobody can compare might be any.
  const found = matching(facts, pattern, true);
  const ok = found.length === 0;
  return {
    name: pattern.text,
    ok,
    message: ok ? `no package is ${pattern.text}` : `${pattern.text} is there: ${listed(found)}`,
    unit: 'count',
    actual: found.length,
    limit: 0,
    evidence: found.map((pkg) => evidenceOf(facts, pkg)),
  };
}

function required(facts: Facts, pattern: PackagePattern): Outcome {
  const found = matching(facts, pattern, false);
  const others = found.length > 0 ? [] : facts.packages.filter((pkg) => hasName(pattern, pkg));
  const ok = found.length > 0;
  return {
    name: pattern.text,
    ok,
    message: ok
      ? `${pattern.text} is there: ${listed(found)}`
      : `no package is ${pattern.text}${others.length === 0 ? '' : `; there is ${listed(others)}`}`,
    unit: 'text',
    actual: ok ? 'there' : others.length === 0 ? 'not there' : 'another version',
    limit: 'there',
    evidence: ok ? [] : others.map((pkg) => evidenceOf(facts, pkg)),
  };
}

const MAX_LISTED = 3;

const listed = (found: readonly Package[]): string =>
  found
    .slice(0, MAX_LISTED)
    .map((pkg) => textOf(pkg))
    .join(', ') + (found.length > MAX_LISTED ? `, and ${found.length - MAX_LISTED} more` : '');

const textOf = ({ manager, name, version }: Package): string => `${manager} ${name} ${version}`.trimEnd();

function evidenceOf(facts: Facts, pkg: Package): Evidence {
  return holdingOf(facts, textOf(pkg)) ?? { package: textOf(pkg) };
}

/** @param unknown what counts for a version that its manager cannot compare */
function matching(facts: Facts, pattern: PackagePattern, unknown: boolean): readonly Package[] {
  return facts.packages.filter((pkg) => hasName(pattern, pkg) && (hasVersion(pattern, pkg) ?? unknown));
}

function hasName({ manager, name }: PackagePattern, pkg: Package): boolean {
  if (manager !== undefined && manager !== pkg.manager) return false;
  return name === pkg.name || picomatch.isMatch(pkg.name, name, { dot: true, bash: true });
}

/** Undefined when its manager cannot read one of both. */
function hasVersion({ version }: PackagePattern, pkg: Package): boolean | undefined {
  if (version === undefined) return true;
  const compare = { dpkg: compareDebVersions, apk: compareApkVersions }[pkg.manager as string] ?? compareDottedVersions;
  try {
    return holds(compare(pkg.version, version.than), version.relation);
  } catch (error) {
    if (isTareError(error, 'E_VERSION')) return undefined;
    throw error;
  }
}

function holds(order: number, relation: VersionRelation): boolean {
  const answers = { '<': order < 0, '<=': order <= 0, '=': order === 0, '>=': order >= 0, '>': order > 0 };
  return answers[relation];
}
