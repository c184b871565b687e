import { TareError } from '../../base/error.ts';
import { tomlTable, type TomlTable, type TomlValue } from '../../base/toml.ts';

/** When a mirror is asked: for every pull, for those by digest alone, or for those by tag alone. */
export type PullFrom = 'all' | 'digest-only' | 'tag-only';

/** containers-registries.conf(5), version 2: one `[[registry]]`. */
export interface RegistryRule {
  /** `host`, `host:port/path`, or `*.host`. */
  readonly prefix: string;
  /** What takes the place of the prefix. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  /** In the order in which they are asked. */
  readonly mirrors: readonly MirrorRule[];
}

export interface MirrorRule {
  readonly location: string;
  readonly insecure: boolean;
  readonly pullFrom: PullFrom;
}

/** What one file says, or several together. */
export interface RegistriesConf {
  readonly rules: readonly RegistryRule[];
  /** By short name, `HOST/REPOSITORY`; '' where a later file takes an alias away. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Whom to ask for credentials, in order; undefined where nothing is said. */
  readonly credentialHelpers?: readonly string[];
}

/** Stands for the files of credentials in the list of helpers. */
export const CREDENTIAL_FILES = 'containers-auth.json';

const MAX_RULES = 10_000;
const MAX_ALIASES = 100_000;
const LOCATION = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9][\w.-]*)(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/;

/** @throws TareError E_TOML with the file's name, E_LIMIT */
export function parseRegistriesConf(text: string, file: string): RegistriesConf {
  const invalid = (why: string): TareError => new TareError('E_TOML', `${file}: ${why}`);
  let table: TomlTable;
  try {
    table = tomlTable(text);
  } catch (error) {
    throw error instanceof TareError && error.code === 'E_TOML' ? invalid(error.message) : error;
  }
  const rows = tablesOf(table['registry']);
  if (rows.length > MAX_RULES) throw new TareError('E_LIMIT', `${file} has more than ${MAX_RULES} registries`);
  const helpers = table['credential-helpers'];
  return {
    rules: rows.map((row) => ruleOf(row, invalid)),
    aliases: aliasesOf(table['aliases'], file, invalid),
    ...(Array.isArray(helpers) ? { credentialHelpers: helpers.map(textOf).filter((name) => name !== '') } : {}),
  };
}

function ruleOf(row: TomlTable, invalid: (why: string) => TareError): RegistryRule {
  const where = (key: string): string => `[[registry]] ${key} ${JSON.stringify(row[key] ?? null)}`;
  const location = textOf(row['location']);
  const prefix = textOf(row['prefix']) || location;
  if (prefix === '') throw invalid('a [[registry]] has neither prefix nor location');
  const isWild = prefix.startsWith('*.');
  if (!LOCATION.test(isWild ? prefix.slice(2) : prefix)) throw invalid(`${where('prefix')} is no host with a path`);
  if (location !== '' && !LOCATION.test(location)) throw invalid(`${where('location')} is no host with a path`);
  const byDigest = row['mirror-by-digest-only'] === true;
  return {
    prefix,
    location: location === '' ? prefix : location,
    insecure: row['insecure'] === true,
    blocked: row['blocked'] === true,
    mirrors: tablesOf(row['mirror']).map((mirror) => mirrorOf(mirror, byDigest, invalid)),
  };
}

/** containers-registries.conf(5), "Short-name aliasing". */
function aliasesOf(
  value: TomlValue | undefined,
  file: string,
  invalid: (why: string) => TareError,
): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof Date) return new Map();
  const pairs = Object.entries(value);
  if (pairs.length > MAX_ALIASES) throw new TareError('E_LIMIT', `${file} has more than ${MAX_ALIASES} aliases`);
  return new Map(
    pairs.map(([name, target]) => {
      const text = textOf(target);
      if (text !== '' && !(LOCATION.test(text) && text.includes('/') && isHost(text.slice(0, text.indexOf('/')))))
        throw invalid(
          `the alias ${JSON.stringify(name)} leads to ${JSON.stringify(target)}, which is no HOST/REPOSITORY`,
        );
      return [name, text];
    }),
  );
}

const isHost = (text: string): boolean => /[.:]/.test(text) || text === 'localhost';

/** Later ones count more: their rules come last, their aliases and their list of helpers replace the earlier ones. */
export function mergedConf(confs: readonly RegistriesConf[]): RegistriesConf {
  const credentialHelpers = confs.findLast((conf) => conf.credentialHelpers !== undefined)?.credentialHelpers;
  return {
    rules: confs.flatMap(({ rules }) => rules),
    aliases: new Map(confs.flatMap(({ aliases }) => [...aliases])),
    ...(credentialHelpers === undefined ? {} : { credentialHelpers }),
  };
}

/** `NAME[:TAG][@DIGEST]` with what its name is short for; as it is when it names a host, or when there is no such alias. */
export function withAlias(text: string, aliases: ReadonlyMap<string, string>): string {
  const end = /[:@]/.exec(text.slice(text.lastIndexOf('/') + 1));
  const cut = end === null ? text.length : text.lastIndexOf('/') + 1 + end.index;
  const name = text.includes('@') ? text.slice(0, text.indexOf('@')).replace(/:[^/]*$/, '') : text.slice(0, cut);
  const target = aliases.get(name) ?? '';
  return target === '' ? text : target + text.slice(name.length);
}

function mirrorOf(row: TomlTable, byDigest: boolean, invalid: (why: string) => TareError): MirrorRule {
  const location = textOf(row['location']);
  if (!LOCATION.test(location))
    throw invalid(`the location ${JSON.stringify(location)} of a mirror is no host with a path`);
  const told = textOf(row['pull-from-mirror']);
  const pullFrom = byDigest ? 'digest-only' : told === '' ? 'all' : told;
  if (pullFrom !== 'all' && pullFrom !== 'digest-only' && pullFrom !== 'tag-only')
    throw invalid(`pull-from-mirror ${JSON.stringify(told)} is not all, digest-only or tag-only`);
  return { location, insecure: row['insecure'] === true, pullFrom };
}

function tablesOf(value: TomlValue | undefined): readonly TomlTable[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (item): item is TomlTable => typeof item === 'object' && !Array.isArray(item) && !(item instanceof Date),
  );
}

function textOf(value: TomlValue | undefined): string {
  return typeof value === 'string' ? value.trim().replace(/\/+$/, '') : '';
}

/** The rule whose prefix fits `host[:port]/repository` best: the longest one. A later rule of the same prefix replaces an earlier one. */
export function ruleFor(rules: readonly RegistryRule[], name: string): RegistryRule | undefined {
  let best: RegistryRule | undefined;
  for (const rule of rules)
    if (
      matchedLength(rule.prefix, name) !== undefined &&
      (best === undefined || rule.prefix.length >= best.prefix.length)
    )
      best = rule;
  return best;
}

/** How much of the name a prefix stands for; undefined when it does not fit. */
function matchedLength(prefix: string, name: string): number | undefined {
  if (prefix.startsWith('*.')) {
    const host = name.slice(0, (name + '/').indexOf('/'));
    return host.replace(/:\d+$/, '').endsWith(prefix.slice(1)) ? host.length : undefined;
  }
  return name === prefix || name.startsWith(`${prefix}/`) ? prefix.length : undefined;
}

/** The name with its prefix replaced by a location. */
export function relocated(name: string, prefix: string, location: string): string {
  if (prefix.startsWith('*.') && location === prefix) return name;
  return location + name.slice(matchedLength(prefix, name) ?? 0);
}
