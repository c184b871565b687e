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

const MAX_RULES = 10_000;
const LOCATION = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9][\w.-]*)(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/;

/** @throws TareError E_TOML with the file's name, E_LIMIT */
export function parseRegistriesConf(text: string, file: string): readonly RegistryRule[] {
  const invalid = (why: string): TareError => new TareError('E_TOML', `${file}: ${why}`);
  let table: TomlTable;
  try {
    table = tomlTable(text);
  } catch (error) {
    throw error instanceof TareError && error.code === 'E_TOML' ? invalid(error.message) : error;
  }
  const rows = tablesOf(table['registry']);
  if (rows.length > MAX_RULES) throw new TareError('E_LIMIT', `${file} has more than ${MAX_RULES} registries`);
  return rows.map((row) => {
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
  });
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
