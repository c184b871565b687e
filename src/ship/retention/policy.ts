import picomatch from 'picomatch';
import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { compareBytes } from '../../base/path.ts';

/** One name of one image. */
export interface RetainedTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  /** When it was put there, in seconds since the epoch; undefined where nobody knows: images that are the same every time have no time of their own. */
  readonly time?: number;
}

/** What one rule keeps, the others cannot take away. */
export interface RetentionPolicy {
  /** So many images of each repository; several names of one image count once. */
  readonly newest?: number;
  /** Seconds. */
  readonly youngerThan?: number;
  /** Globs for tags; `*` stops at nothing, since tags have no slash. */
  readonly tags: readonly string[];
}

export interface Verdict extends RetainedTag {
  readonly keep: boolean;
  /** For people: the rule that keeps it, or why none does. */
  readonly because: string;
}

/**
 * Which names stay, in byte order of repository and tag. What has no known time stays where only ages count; among the newest it comes after all that has one, the
 * higher version first.
 * @param now seconds since the epoch
 * @throws TareError E_USAGE for a policy that keeps nothing at all
 */
export function decideRetention(
  tags: readonly RetainedTag[],
  policy: RetentionPolicy,
  now: number,
): readonly Verdict[] {
  const { newest, tags: patterns, youngerThan } = policy;
  if (newest === undefined && youngerThan === undefined && patterns.length === 0)
    throw new TareError('E_USAGE', 'a retention without a rule would delete everything', {
      hint: 'say what to keep: --keep-newest N, --keep-younger AGE or --keep-tag PATTERN',
    });
  const matchers = patterns.map((pattern) => [pattern, picomatch(pattern, { dot: true })] as const);
  const among = newest === undefined ? new Map<string, ReadonlySet<Digest>>() : newestOf(tags, newest);
  return tags
    .map((tag): Verdict => {
      const pattern = matchers.find(([, matches]) => matches(tag.tag))?.[0];
      if (pattern !== undefined) return { ...tag, keep: true, because: `its tag matches ${pattern}` };
      if (among.get(tag.repository)?.has(tag.digest) === true)
        return { ...tag, keep: true, because: newest === 1 ? 'it is the newest' : `it is one of the newest ${newest}` };
      const age = tag.time === undefined ? undefined : now - tag.time;
      if (youngerThan !== undefined && age !== undefined && age < youngerThan)
        return { ...tag, keep: true, because: `it is ${inWords(age)} old` };
      if (youngerThan !== undefined && age === undefined && newest === undefined)
        return { ...tag, keep: true, because: 'its age is unknown, and only ages were asked for' };
      return {
        ...tag,
        keep: false,
        because:
          age === undefined ? 'no rule keeps it; its age is unknown' : `no rule keeps it; it is ${inWords(age)} old`,
      };
    })
    .sort((a, b) => compareBytes(a.repository, b.repository) || compareBytes(a.tag, b.tag));
}

function newestOf(tags: readonly RetainedTag[], count: number): ReadonlyMap<string, ReadonlySet<Digest>> {
  const byRepository = new Map<string, RetainedTag[]>();
  for (const tag of tags) {
    const list = byRepository.get(tag.repository);
    if (list === undefined) byRepository.set(tag.repository, [tag]);
    else list.push(tag);
  }
  return new Map(
    [...byRepository].map(([repository, list]) => {
      const digests = new Set(list.toSorted(newerFirst).map((tag) => tag.digest));
      return [repository, new Set([...digests].slice(0, count))] as const;
    }),
  );
}

/** What is newer comes first: by time, then by version; what has no time comes last. */
export function newerFirst(a: RetainedTag, b: RetainedTag): number {
  const [timeA, timeB] = [a.time ?? Number.NEGATIVE_INFINITY, b.time ?? Number.NEGATIVE_INFINITY];
  if (timeA !== timeB) return timeA > timeB ? -1 : 1;
  return -compareVersions(a.tag, b.tag);
}

/** Numbers by their value, the rest by bytes: `1.9` < `1.10`, `v2-rc1` < `v2-rc2`. */
function compareVersions(a: string, b: string): number {
  const [partsA, partsB] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [at, left] of (partsA ?? []).entries()) {
    const right = partsB?.[at];
    if (right === undefined) return 1;
    const bothNumbers = /^\d/.test(left) && /^\d/.test(right);
    const difference = bothNumbers
      ? Math.sign(Number(left) - Number(right)) || left.length - right.length
      : compareBytes(left, right);
    if (difference !== 0) return difference;
  }
  return (partsA?.length ?? 0) - (partsB?.length ?? 0);
}

const HOUR = 60 * 60; // seconds
const DAY = 24 * 60 * 60; // seconds
const UNITS: Readonly<Record<string, number>> = { h: HOUR, d: DAY, w: 7 * DAY, m: 30 * DAY, y: 365 * DAY };

/** `12h`, `30d`, `6w`, `1m` (30 days), `1y` → seconds. @throws TareError E_USAGE */
export function parseAge(text: string, where: string): number {
  const [, count, unit] = /^(\d{1,6})([hdwmy])$/.exec(text.trim()) ?? [];
  const seconds = UNITS[unit ?? ''];
  if (count === undefined || seconds === undefined)
    throw new TareError('E_USAGE', `${where}: ${JSON.stringify(text)} is not an age`, {
      hint: 'write it as 12h, 30d, 6w, 1m (30 days) or 1y',
    });
  return Number(count) * seconds;
}

function inWords(seconds: number): string {
  const age = Math.max(0, seconds);
  if (age < HOUR) return 'less than an hour';
  const [size, name] = age < 2 * DAY ? [HOUR, 'hour'] : [DAY, 'day'];
  const count = Math.floor(age / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
