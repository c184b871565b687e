import { TareError } from '../../base/error.ts';
import { compareNumbers } from './numbers.ts';

/** Longer than any version that was ever given. */
const MAX_VERSION_BYTES = 1024;

/** Before a version without suffix: those up to `rc`; after it: the rest, in this order. */
const PRE_RELEASES = ['alpha', 'beta', 'pre', 'rc'];
const SUFFIXES = [...PRE_RELEASES, '', 'cvs', 'svn', 'git', 'hg', 'p'];

/** The kinds of token in the order in which they follow each other; where two versions part, the one with the later kind is older. */
const KINDS = ['first', 'number', 'letter', 'suffix', 'suffixNumber', 'hash', 'revision', 'end'] as const;

interface Token {
  readonly kind: (typeof KINDS)[number];
  readonly value: string;
}

const VERSION = /^(\d+)((?:\.\d+)*)([a-z]?)((?:_[a-z]+\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$/;

/**
 * Negative when `a` is older, positive when it is newer, 0 when apk takes them for equal.
 * Form (apk-package(5)): `number{.number}…{letter}{_suffix{number}}…{~hash}{-r#}`; suffixes alpha < beta < pre < rc < none < cvs < svn
 * < git < hg < p. Numbers after the first compare as text when one has a leading zero, like decimal places.
 * @throws TareError E_VERSION when `apk version --check` would refuse it
 */
export function compareApkVersions(a: string, b: string): number {
  const left = tokensOf(a);
  const right = tokensOf(b);
  for (let at = 0; ; at += 1) {
    const x = left[at] as Token;
    const y = right[at] as Token;
    if (x.kind !== y.kind) return compareKinds(x, y);
    if (x.kind === 'end') return 0;
    const difference = compareValues(x, y);
    if (difference !== 0) return difference;
  }
}

function tokensOf(text: string): Token[] {
  const match = text.length > MAX_VERSION_BYTES ? null : VERSION.exec(text);
  if (match === null) throw invalid(text);
  const [, first = '', numbers = '', letter = '', suffixes = '', hash, revision] = match;
  const tokens: Token[] = [{ kind: 'first', value: first }];
  for (const value of numbers.split('.').slice(1)) tokens.push({ kind: 'number', value });
  if (letter !== '') tokens.push({ kind: 'letter', value: letter });
  for (const suffix of suffixes.split('_').slice(1)) {
    const name = suffix.replace(/\d+$/, '');
    if (!SUFFIXES.includes(name)) throw invalid(text);
    tokens.push({ kind: 'suffix', value: name });
    if (name !== suffix) tokens.push({ kind: 'suffixNumber', value: suffix.slice(name.length) });
  }
  if (hash !== undefined) tokens.push({ kind: 'hash', value: hash });
  if (revision !== undefined) tokens.push({ kind: 'revision', value: revision });
  return [...tokens, { kind: 'end', value: '' }];
}

function compareValues(x: Token, y: Token): number {
  if (x.kind === 'suffix') return SUFFIXES.indexOf(x.value) - SUFFIXES.indexOf(y.value);
  const asText = x.kind === 'letter' || x.kind === 'hash' || (x.kind === 'number' && (isPadded(x) || isPadded(y)));
  if (!asText) return compareNumbers(x.value, y.value);
  return x.value < y.value ? -1 : x.value > y.value ? 1 : 0;
}

function isPadded(token: Token): boolean {
  return token.value.startsWith('0');
}

/** All before was equal: the longer version is newer, unless it goes on with the suffix of a pre-release. */
function compareKinds(x: Token, y: Token): number {
  if (x.kind === 'suffix' && PRE_RELEASES.includes(x.value)) return -1;
  if (y.kind === 'suffix' && PRE_RELEASES.includes(y.value)) return 1;
  return KINDS.indexOf(y.kind) - KINDS.indexOf(x.kind);
}

function invalid(text: string): TareError {
  return new TareError('E_VERSION', `${JSON.stringify(text.slice(0, 100))} is not a version of apk`);
}
