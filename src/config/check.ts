import { TareError } from '../base/error.ts';
import { placeText, type Place } from '../base/place.ts';
import type { RawCheck } from './check-schema.ts';
import { parseSize } from './size.ts';

/** So many bytes, or a share (0–1) of something. */
export type Amount = { readonly bytes: number } | { readonly share: number };

/** A rule that forbids something, but for paths that match these globs. */
export interface Allowing {
  readonly allow: readonly string[];
}

/** What `tare check` demands of an image; what is absent is not asked. Sizes in bytes. */
export interface CheckConfig {
  /** The image that growth is measured against. */
  readonly base?: string;
  readonly disk?: number;
  readonly wire?: number;
  readonly layers?: number;
  readonly files?: number;
  /** By dive's definition, 0–1, at least. */
  readonly efficiency?: number;
  /** Shipped and not seen, at most; a share is of the disk size. */
  readonly wasted?: Amount;
  readonly growth?: { readonly disk?: Amount; readonly wire?: Amount };
  /** `non-root`, or a user as the image's config names it. */
  readonly user?: string;
  readonly noSetuid?: Allowing;
  readonly noSecrets?: Allowing;
  readonly noShell?: Allowing;
  readonly maxAgeDays?: number;
  readonly packages?: { readonly forbid?: readonly PackagePattern[]; readonly require?: readonly PackagePattern[] };
  readonly labels?: { readonly require: readonly string[] };
  /** Files of structure tests, or of dive's rules. */
  readonly tests?: readonly string[];
}

export type VersionRelation = '<' | '<=' | '=' | '>=' | '>';

/** `openssl`, `lib*-dev`, `npm:lodash < 4.17.21`. */
export interface PackagePattern {
  readonly text: string;
  readonly manager?: string;
  /** A glob. */
  readonly name: string;
  readonly version?: { readonly relation: VersionRelation; readonly than: string };
}

type Code = 'E_CONFIG' | 'E_USAGE';
type Where = Place | string;

const MANAGERS = ['dpkg', 'apk', 'npm', 'python'];
/** By other names. */
const ALIASES: Readonly<Record<string, string>> = { deb: 'dpkg', pypi: 'python', pip: 'python' };
const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30, y: 365 };

/** `+5MB`, `3%`, `0` → bytes or a share. @throws TareError `code` */
export function parseAmount(value: string | number, where: Where, code: Code = 'E_CONFIG'): Amount {
  const text = String(value)
    .trim()
    .replace(/^\+\s*/, '');
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1];
  if (percent !== undefined) return { share: Number(percent) / 100 };
  try {
    return { bytes: parseSize(text, where, code) };
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    throw new TareError(code, `${placeText(where)}: ${JSON.stringify(value)} is neither a size nor a percentage`, {
      hint: 'write it as 5MB or 3%',
      cause: error,
    });
  }
}

/** `0.95`, `95%` → 0.95. @throws TareError `code` */
export function parseShare(value: string | number, where: Where, code: Code = 'E_CONFIG'): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)\s*(%)?$/.exec(String(value).trim()) ?? [];
  const share = Number(number ?? Number.NaN) / (percent === undefined ? 1 : 100);
  if (share >= 0 && share <= 1) return share;
  throw new TareError(code, `${placeText(where)}: ${JSON.stringify(value)} is not a share`, {
    hint: 'write it as 0.95 or 95%',
  });
}

/** `90d`, `12w`, `6m`, `1y`, or days alone → days. @throws TareError `code` */
export function parseDays(value: string | number, where: Where, code: Code = 'E_CONFIG'): number {
  const [, number, unit = 'd'] = /^(\d{1,6}(?:\.\d{1,6})?)\s*([dwmy])?$/.exec(String(value).trim()) ?? [];
  const days = Number(number ?? Number.NaN) * (DAYS[unit] ?? Number.NaN);
  if (Number.isFinite(days)) return days;
  throw new TareError(code, `${placeText(where)}: ${JSON.stringify(value)} is not an age`, {
    hint: 'write it as 90d (days), 12w (weeks), 6m (months of 30 days) or 1y',
  });
}

/** @throws TareError `code` */
export function parsePackagePattern(text: string, where: Where, code: Code = 'E_CONFIG'): PackagePattern {
  const match = /^(?:([a-z]+):)?([^\s<>=:]+)(?:\s*(<=|>=|==|<|>|=)\s*([^\s<>=]+))?$/.exec(text.trim());
  const [, prefix, name, relation, than] = match ?? [];
  const manager = prefix === undefined ? undefined : (ALIASES[prefix] ?? prefix);
  if (name === undefined || (manager !== undefined && !MANAGERS.includes(manager))) {
    throw new TareError(code, `${placeText(where)}: ${JSON.stringify(text)} does not name packages`, {
      hint: `write a name, a glob, or MANAGER:NAME (${MANAGERS.join(', ')}), and a version when it matters: \`npm:lodash < 4.17.21\``,
    });
  }
  return {
    text: text.trim(),
    ...(manager === undefined ? {} : { manager }),
    name,
    ...(relation === undefined || than === undefined
      ? {}
      : { version: { relation: (relation === '==' ? '=' : relation) as VersionRelation, than } }),
  };
}

export function checkOf(raw: RawCheck, place: Place): CheckConfig {
  const { disk, efficiency, growth, labels, packages, tests, user, wasted, wire } = raw;
  const allowing = (value: RawCheck['no-shell']): Allowing | undefined =>
    value === undefined || value === false ? undefined : { allow: value === true ? [] : (value.allow ?? []) };
  const found: { readonly [Key in keyof CheckConfig]: CheckConfig[Key] | undefined } = {
    base: raw.base,
    disk: disk === undefined ? undefined : parseSize(disk, place.at('disk')),
    wire: wire === undefined ? undefined : parseSize(wire, place.at('wire')),
    layers: raw.layers,
    files: raw.files,
    efficiency: efficiency === undefined ? undefined : parseShare(efficiency, place.at('efficiency')),
    wasted: wasted === undefined ? undefined : parseAmount(wasted, place.at('wasted')),
    growth: growth === undefined ? undefined : growthOf(growth, place.at('growth')),
    user: user === undefined ? undefined : String(user),
    noSetuid: allowing(raw['no-setuid']),
    noSecrets: allowing(raw['no-secrets']),
    noShell: allowing(raw['no-shell']),
    maxAgeDays: raw['max-age'] === undefined ? undefined : parseDays(raw['max-age'], place.at('max-age')),
    packages: packages === undefined ? undefined : packagesOf(packages, place.at('packages')),
    labels: labels === undefined ? undefined : { require: labels.require ?? [] },
    tests,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function growthOf(raw: NonNullable<RawCheck['growth']>, place: Place): NonNullable<CheckConfig['growth']> {
  if (typeof raw !== 'object') {
    const amount = parseAmount(raw, place);
    return { disk: amount, wire: amount };
  }
  return {
    ...(raw.disk === undefined ? {} : { disk: parseAmount(raw.disk, place.at('disk')) }),
    ...(raw.wire === undefined ? {} : { wire: parseAmount(raw.wire, place.at('wire')) }),
  };
}

function packagesOf(raw: NonNullable<RawCheck['packages']>, place: Place): NonNullable<CheckConfig['packages']> {
  const list = (key: 'forbid' | 'require'): readonly PackagePattern[] | undefined =>
    raw[key]?.map((text, index) => parsePackagePattern(text, place.at(key, index)));
  const forbid = list('forbid');
  const require = list('require');
  return { ...(forbid === undefined ? {} : { forbid }), ...(require === undefined ? {} : { require }) };
}
