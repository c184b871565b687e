import { closest } from './closest.ts';
import { csvFields } from './csv.ts';
import { dockerfileError, shown } from './source.ts';
import type { DeviceFlag, DockerfileSource, Flag, MountFlag } from './types.ts';
import { parseBoolean, parseSize, parseUnsigned } from './values.ts';

export const MOUNT_TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const SHARING_MODES = ['shared', 'private', 'locked'] as const;
const KEYS =
  'type from source src target dst destination readonly ro readwrite rw id sharing required size mode uid gid env'.split(
    ' ',
  );
/** Keys that may stand without a value. */
const SWITCHES = ['readonly', 'ro', 'readwrite', 'rw', 'required'];

/** What a `--mount` means, defaults filled in where they depend on nothing else. */
export interface Mount {
  readonly type: (typeof MOUNT_TYPES)[number];
  /** A stage, a named context or an image; without it, `bind` has the build context and `cache` starts empty. */
  readonly from?: string;
  /** Path in `from`. */
  readonly source?: string;
  /** Where it appears; relative ones begin at the working directory. Absent: the working directory (bind, cache, tmpfs), a path by id (secret, ssh). */
  readonly target?: string;
  /** As said, or by type: bind, secret and ssh are read-only, cache and tmpfs are not. */
  readonly readOnly: boolean;
  /** cache: as said, else its target is its name; secret: `id`, `source` or the last part of `target`; ssh: as said, else `default`. */
  readonly id?: string;
  /** cache */
  readonly sharing: (typeof SHARING_MODES)[number];
  /** secret, ssh: the build fails without it. */
  readonly required: boolean;
  /** secret: the environment variable that holds it; it is a file too only when `target` is given. */
  readonly env?: string;
  /** tmpfs: bytes; 0 is without limit. */
  readonly size: number;
  /** Permission bits. Absent: 0o755 (cache), 0o400 (secret), 0o600 (ssh). */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** @throws TareError E_DOCKERFILE when it is no list of fields, or `from` holds a variable */
export function readMount(source: DockerfileSource, flag: Flag): MountFlag {
  const texts = csvFields(flag.value);
  if (texts === undefined)
    throw dockerfileError(source, flag.range, 'the mount is not a list of KEY=VALUE with commas between', {
      hint: 'write --mount=type=cache,target=/path; put a field that holds a comma in double quotes',
    });
  const fields = texts.map((text) => {
    const equals = text.indexOf('=');
    const key = (equals === -1 ? text : text.slice(0, equals)).toLowerCase();
    return equals === -1 ? { key, text } : { key, value: text.slice(equals + 1), text };
  });
  for (const { key, value } of fields) {
    const dollar = value?.indexOf('$') ?? -1;
    if (key === 'from' && value !== undefined && dollar !== -1 && dollar !== value.length - 1)
      throw dockerfileError(source, flag.range, 'from= of a mount cannot hold a variable', {
        hint: 'name the image in a stage of its own: FROM $IMAGE AS name, then from=name',
      });
  }
  const mount: MountFlag = { fields, flag, range: flag.range };
  if (fields.every(({ value }) => value === undefined || !/[$'"\\`<]/.test(value)))
    resolveMount(source, mount, (word) => word);
  return mount;
}

/** While the fields are read, in order: some keys depend on the type said before them. */
type Draft = { -readonly [Key in keyof Mount]?: Mount[Key] };

/**
 * The mount, with the variables of its values replaced by `expand`.
 * @throws TareError E_DOCKERFILE on an unknown key or type, a key that does not go with the type, a bad value
 */
export function resolveMount(source: DockerfileSource, mount: MountFlag, expand: (word: string) => string): Mount {
  const draft: Draft = { type: 'bind' };
  const fail = (problem: string, hint: string): Error => dockerfileError(source, mount.range, problem, { hint });
  for (const { key, value, text } of mount.fields) {
    if (text.trim() === '')
      throw fail('the mount has an empty field', 'write it without blanks; a continued line keeps its indentation');
    if (value === undefined && !SWITCHES.includes(key))
      throw fail(`${shown(text)} of the mount lacks a value`, `write KEY=VALUE; keys are ${KEYS.join(', ')}`);
    const problem = setField(draft, key, value === undefined ? undefined : expand(value));
    if (problem === 'unknown') {
      const near = closest(key, KEYS);
      throw fail(
        `a mount has no key ${shown(key)}`,
        near === undefined ? `keys are ${KEYS.join(', ')}` : `did you mean ${near}?`,
      );
    }
    if (problem !== undefined) throw fail(problem.what, problem.hint);
  }
  const clash = clashIn(draft);
  if (clash !== undefined) throw fail(clash.what, clash.hint);
  return completed(draft);
}

type Problem = { readonly what: string; readonly hint: string } | 'unknown' | undefined;

function setField(draft: Draft, key: string, value: string | undefined): Problem {
  switch (key) {
    case 'type':
      return choose(MOUNT_TYPES, value, 'mount type', (type) => (draft.type = type));
    case 'sharing':
      return choose(SHARING_MODES, value, 'sharing', (sharing) => (draft.sharing = sharing));
    case 'from':
      draft.from = value ?? '';
      return undefined;
    case 'source':
    case 'src':
      draft.source = value ?? '';
      return undefined;
    case 'target':
    case 'dst':
    case 'destination':
      draft.target = value ?? '';
      return undefined;
    case 'id':
      draft.id = value ?? '';
      return undefined;
    case 'env':
      draft.env = value ?? '';
      return undefined;
    case 'readonly':
    case 'ro':
      return number(key, parseBoolean(value), (yes) => (draft.readOnly = yes));
    case 'readwrite':
    case 'rw':
      return number(key, parseBoolean(value), (yes) => (draft.readOnly = !yes));
    case 'required':
      if (draft.type !== 'secret' && draft.type !== 'ssh') return notFor(key, draft);
      return number(key, parseBoolean(value), (yes) => (draft.required = yes));
    case 'size':
      if (draft.type !== 'tmpfs') return notFor(key, draft);
      return number(key, parseSize(value ?? ''), (bytes) => (draft.size = bytes));
    case 'mode':
      return number(key, parseUnsigned(value ?? '', 8), (mode) => (draft.mode = mode));
    case 'uid':
      return number(key, parseUnsigned(value ?? '', 10), (uid) => (draft.uid = uid));
    case 'gid':
      return number(key, parseUnsigned(value ?? '', 10), (gid) => (draft.gid = gid));
    default:
      return 'unknown';
  }
}

function choose<T extends string>(
  known: readonly T[],
  value: string | undefined,
  what: string,
  set: (value: T) => void,
): Problem {
  const found = known.find((name) => name === value?.toLowerCase());
  if (found === undefined) {
    const near = closest(value ?? '', known);
    const hint = near === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${near}?`;
    return { what: `there is no ${what} ${shown(value ?? '')}`, hint };
  }
  set(found);
  return undefined;
}

function number<T>(key: string, value: T | undefined, set: (value: T) => void): Problem {
  if (value === undefined)
    return {
      what: `the value of ${key}= is not valid`,
      hint: 'mode is octal, uid and gid are numbers, size is like 64m, switches are true or false',
    };
  set(value);
  return undefined;
}

function notFor(key: string, draft: Draft): Exclude<Problem, 'unknown'> {
  return {
    what: `a mount of type ${draft.type} has no key ${key}`,
    hint: 'say type= before the keys that go with it, or remove the key',
  };
}

function clashIn(draft: Draft): Exclude<Problem, 'unknown'> {
  const { type } = draft;
  const owned = type === 'secret' || type === 'ssh' || type === 'cache';
  for (const key of ['mode', 'uid', 'gid'] as const) if (!owned && draft[key] !== undefined) return notFor(key, draft);
  if (type === 'secret') {
    if (draft.from) return notFor('from', draft);
    if (!draft.source && !draft.target && !draft.id)
      return { what: 'a secret needs an id', hint: 'write --mount=type=secret,id=NAME' };
    if (draft.source && draft.id) return { what: 'a secret has source= or id=, not both', hint: 'keep id=' };
  }
  return draft.sharing !== undefined && type !== 'cache' ? notFor('sharing', draft) : undefined;
}

function completed(draft: Draft): Mount {
  const { type = 'bind', from, source, target, id, ...rest } = draft;
  const name =
    type === 'secret' ? source || id || baseName(target ?? '') : id || (type === 'ssh' ? 'default' : undefined);
  return {
    ...rest,
    type,
    ...(from ? { from } : {}),
    ...(source ? { source } : {}),
    ...(target ? { target } : {}),
    ...(name === undefined ? {} : { id: name }),
    readOnly: draft.readOnly ?? (type !== 'cache' && type !== 'tmpfs'),
    sharing: draft.sharing ?? 'shared',
    required: draft.required ?? false,
    size: draft.size ?? 0,
  };
}

const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || '/';

/** `--device=NAME[,required]`. @throws TareError E_DOCKERFILE */
export function readDevice(source: DockerfileSource, flag: Flag): DeviceFlag {
  const fail = (problem: string): Error =>
    dockerfileError(source, flag.range, problem, { hint: 'write --device=VENDOR/CLASS=NAME[,required]' });
  let name = '';
  let required = false;
  for (const field of csvFields(flag.value) ?? []) {
    const match = /^(name|required)(?:=(.*))?$/is.exec(field);
    const key = match?.[1]?.toLowerCase();
    if (key === 'required') {
      const value = parseBoolean(match?.[2]);
      if (value === undefined) throw fail(`${shown(field)} is neither true nor false`);
      required = value;
    } else {
      if (name !== '') throw fail('a device has one name');
      name = key === 'name' && match?.[2] !== undefined ? match[2] : field;
    }
  }
  if (name === '') throw fail('the device has no name');
  return { name, required };
}
