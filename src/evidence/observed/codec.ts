import { isTareError, TareError } from '../../base/error.ts';
import { bytesOfText, cleanPath, quotePath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Access } from '../../sandbox/types.ts';
import { isAccess } from './accesses.ts';
import { mergeProfiles } from './merge.ts';
import { MAX_PHASE_LENGTH } from './phases.ts';
import type { Profile, ProfilePath } from './types.ts';

const VERSION = 1;
/** Largest profile that is written or read. */
export const MAX_PROFILE_BYTES = 64 * 1024 * 1024; // 64 MiB
/** Paths of one profile; a large image has some hundred thousand files. */
const MAX_PATHS = 500_000;
/** Values in one list that is no list of paths. */
const MAX_VALUES = 10_000;
/** Linux PATH_MAX. */
const MAX_PATH_BYTES = 4096;

const MEMBERS: readonly string[] = ['tareProfile', 'platforms', 'ports', 'syscalls', 'paths'];
const PLATFORM = /^[a-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){1,2}$/;
const SYSCALL = /^[a-z_][a-z0-9_]{0,63}$/;

/**
 * A profile as JSON that people review: one line per path, in byte order: the path, how it was asked for, in which phases, by which executables.
 * Raw bytes of paths stand as U+DC80–U+DCFF. The same profile gives the same bytes.
 * @throws TareError E_LIMIT beyond 64 MiB
 */
export function encodeProfile(profile: Profile): Uint8Array {
  const { paths, platforms, ports, syscalls } = mergeProfiles(profile);
  const lines = [
    `{"tareProfile":${VERSION},`,
    `"platforms": ${flow(platforms)},`,
    `"ports": ${flow(ports)},`,
    ...(syscalls === undefined ? [] : [`"syscalls": ${block(syscalls.map((name) => JSON.stringify(name)))},`]),
    `"paths": ${block(paths.map(lineOf))}}`,
  ];
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  if (bytes.length > MAX_PROFILE_BYTES || paths.length > MAX_PATHS)
    throw new TareError('E_LIMIT', `a profile of ${paths.length} paths and ${bytes.length} bytes is too large`);
  return bytes;
}

function lineOf({ by, how, path, phases }: ProfilePath): string {
  const text = JSON.stringify(textOfBytes(path));
  return `[${text}, ${JSON.stringify(how.join(' '))}, ${flow(phases)}, ${flow(by.map(textOfBytes))}]`;
}

function flow(values: readonly (string | number)[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
}

/** One value a line. */
function block(values: readonly string[]): string {
  return values.length === 0 ? '[]' : `[\n${values.join(',\n')}\n]`;
}

/**
 * The opposite. Lines may be in any order and stand twice, as after a merge by hand; anything else that `encodeProfile` would not write is refused.
 * `name` is what messages call it.
 * @throws TareError E_PROFILE, E_LIMIT beyond 64 MiB or 500,000 paths
 */
export function decodeProfile(bytes: Uint8Array, name = 'the profile'): Profile {
  if (bytes.length > MAX_PROFILE_BYTES)
    throw new TareError('E_LIMIT', `${name} has ${bytes.length} bytes, more than ${MAX_PROFILE_BYTES}`);
  const members = membersOf(parse(bytes, name), name);
  const invalid = (why: string): TareError => new TareError('E_PROFILE', `${name} is not valid: ${why}`);
  const list = (key: string, limit: number): readonly unknown[] => {
    const value = members.get(key);
    if (!Array.isArray(value)) throw invalid(`"${key}" is not a list`);
    if (value.length > limit) throw new TareError('E_LIMIT', `${name} has ${value.length} ${key}, more than ${limit}`);
    return value;
  };
  const read = <T>(key: string, limit: number, one: (value: unknown) => T): readonly T[] =>
    list(key, limit).map((value, at) => {
      try {
        return one(value);
      } catch (error) {
        throw error instanceof Malformed ? invalid(`${key}[${at}] ${error.message}`) : error;
      }
    });
  return mergeProfiles({
    platforms: read('platforms', MAX_VALUES, (value) => textLike(value, PLATFORM, 'OS/ARCHITECTURE')),
    ports: read('ports', MAX_VALUES, portOf),
    paths: read('paths', MAX_PATHS, rowOf),
    ...(members.has('syscalls') && {
      syscalls: read('syscalls', MAX_VALUES, (value) => textLike(value, SYSCALL, 'the name of a system call')),
    }),
  });
}

/** What is wrong with one value; its place is added where it is known. */
class Malformed extends Error {}

function membersOf(value: unknown, name: string): ReadonlyMap<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TareError('E_PROFILE', `${name} is not a profile: it is no JSON object`);
  const members = new Map<string, unknown>(Object.entries(value));
  const version = members.get('tareProfile');
  if (version === undefined)
    throw new TareError('E_PROFILE', `${name} is not a profile: it has no member "tareProfile"`);
  if (version !== VERSION) {
    throw new TareError('E_PROFILE', `${name} has version ${shown(version)}, and this tare reads version ${VERSION}`, {
      hint: 'a newer tare wrote it: update this one, or record it again with `tare observe IMAGE -o FILE`',
    });
  }
  const stranger = [...members.keys()].find((key) => !MEMBERS.includes(key));
  if (stranger !== undefined)
    throw new TareError('E_PROFILE', `${name} is not valid: it has an unknown member ${shown(stranger)}`);
  return members;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes)) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    const conflict = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('\n<<<<<<< ');
    const hint = conflict
      ? { hint: 'git left both versions in it: `tare profile merge OURS THEIRS -o FILE` joins the two' }
      : {};
    throw new TareError('E_PROFILE', `${name} is not JSON: ${error.message}`, { cause: error, ...hint });
  }
}

function rowOf(value: unknown): ProfilePath {
  if (!Array.isArray(value) || value.length !== 4) throw new Malformed('is not [path, how, phases, by]');
  const [path, how, phases, by] = value as readonly unknown[];
  return {
    path: pathOf(path),
    how: accessesOf(how),
    phases: valuesOf(phases, 'phases').map(phaseOf),
    by: valuesOf(by, 'executables').map(pathOf),
  };
}

function valuesOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`has no list of ${what}`);
  if (value.length > MAX_VALUES) throw new Malformed(`has more than ${MAX_VALUES} ${what}`);
  return value;
}

function pathOf(value: unknown): TreePath {
  if (typeof value !== 'string') throw new Malformed('has a path that is not text');
  const bytes = bytesOfText(value);
  if (!bytes.startsWith('/') || bytes.length > MAX_PATH_BYTES || !isClean(bytes))
    throw new Malformed(`names ${shown(value)}, which is not a clean absolute path`);
  return bytes as TreePath;
}

function isClean(bytes: string): boolean {
  try {
    return cleanPath(bytes) === bytes;
  } catch (error) {
    if (isTareError(error)) return false;
    throw error;
  }
}

function accessesOf(value: unknown): readonly Access[] {
  if (typeof value !== 'string' || value.length > MAX_PHASE_LENGTH)
    throw new Malformed('does not say how it was asked for');
  return value.split(' ').map((word) => {
    if (!isAccess(word)) throw new Malformed(`was asked for by ${shown(word)}, which is not known`);
    return word;
  });
}

function phaseOf(value: unknown): string {
  // oxlint-disable-next-line no-control-regex
  if (typeof value === 'string' && /^[^\x00-\x1f\x7f-\x9f]+$/.test(value) && value.length <= MAX_PHASE_LENGTH)
    return value;
  throw new Malformed(`has a phase ${shown(value)}, which is not a line of text`);
}

function portOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new Malformed(`is ${shown(value)}, not a port`);
}

function textLike(value: unknown, form: RegExp, what: string): string {
  if (typeof value === 'string' && form.test(value)) return value;
  throw new Malformed(`is ${shown(value)}, not ${what}`);
}

/** A value for a message: short, on one line. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quotePath(bytesOfText(value.slice(0, 100)));
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : value === null
      ? 'null'
      : typeof value;
}
