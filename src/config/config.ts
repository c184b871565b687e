import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { placeText, type Place } from '../base/place.ts';
import { readSmallFile } from '../base/small-file.ts';
import type { Tightness } from '../plan/types.ts';
import { probeOfValue } from '../sandbox/probes/parse.ts';
import type { Probe } from '../sandbox/types.ts';
import { checkOf, type CheckConfig } from './check.ts';
import type { RawConfig } from './schema.ts';
import { parseSize } from './size.ts';

/** The settings of one application, from tare.yaml; what is not set is absent. Sizes in bytes, times in milliseconds. */
export interface Config {
  readonly name?: string;
  readonly from?: string;
  readonly platform?: string;
  /** The entry module or binary, relative to the application folder. */
  readonly entry?: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workdir?: string;
  /** E.g. `8080/tcp`. */
  readonly expose?: readonly string[];
  readonly stopSignal?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tightness?: Tightness;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly strip?: boolean;
  readonly timezone?: string;
  readonly compression?: string;
  readonly probes?: readonly Probe[];
  readonly timeoutMs?: number;
  readonly budget?: { readonly wire?: number; readonly disk?: number };
  readonly lint?: {
    readonly ruleset?: string;
    readonly rules?: Readonly<Record<string, 'off' | 'info' | 'warning' | 'error'>>;
  };
  readonly check?: CheckConfig;
}

export const CONFIG_FILE = 'tare.yaml';
const MAX_CONFIG_BYTES = 1024 * 1024; // 1 MiB

/**
 * Reads `tare.yaml` of a folder; an absent file is an empty Config.
 * @throws TareError E_CONFIG naming file, line or key
 */
export async function readConfig(dir: string): Promise<Config> {
  const file = join(dir, CONFIG_FILE);
  let text: string;
  try {
    text = (await readSmallFile(file, MAX_CONFIG_BYTES)).toString('utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw fromErrno(error, `cannot read ${file}`);
  }
  return parseConfig(text, file);
}

/** The same for a file that has to be there. @throws TareError E_CONFIG, E_PATH_NOT_FOUND, E_PERMISSION */
export async function readConfigFile(file: string): Promise<Config> {
  let text: string;
  try {
    text = (await readSmallFile(file, MAX_CONFIG_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`);
  }
  return parseConfig(text, file);
}

/** @throws TareError E_CONFIG that names file, line and column, the key, and what is expected there */
export async function parseConfig(text: string, file: string): Promise<Config> {
  if (text.length > MAX_CONFIG_BYTES)
    throw new TareError('E_CONFIG', `${file} is larger than ${MAX_CONFIG_BYTES} bytes`);
  const [{ yamlValue }, { placeInFile }, { configSchema }, { issueError }, z] = await Promise.all([
    import('../base/yaml.ts'),
    import('../base/yaml-place.ts'),
    import('./schema.ts'),
    import('./issue.ts'),
    import('zod/mini'),
  ]);
  const read = yamlValue(text);
  if ('problem' in read) throw new TareError('E_CONFIG', `${file}${read.at}: ${read.problem}`);
  const place = placeInFile(file, text);
  const value = read.value ?? {};
  const parsed = z.safeParse(configSchema, value);
  if (parsed.success) return normalise(parsed.data, place);
  const [issue] = parsed.error.issues;
  throw issue === undefined ? new TareError('E_CONFIG', `${file}: not valid`) : issueError(issue, value, place);
}

function normalise(raw: RawConfig, place: Place): Config {
  const { budget, check, cmd, entrypoint, env, expose, lint, probes, timeout, user, ...same } = raw;
  const known = Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined)) as Partial<Config>;
  return {
    ...known,
    ...(entrypoint === undefined ? {} : { entrypoint: words(entrypoint) }),
    ...(cmd === undefined ? {} : { cmd: words(cmd) }),
    ...(env === undefined
      ? {}
      : { env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)])) }),
    ...(user === undefined ? {} : { user: String(user) }),
    ...(expose === undefined
      ? {}
      : { expose: expose.map((item, index) => parsePort(item, place.at('expose', index), 'E_CONFIG')) }),
    ...(probes === undefined
      ? {}
      : { probes: probes.map((probe, index) => probeOfValue(probe, place.at('probes', index))) }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(budget === undefined ? {} : { budget: budgetOf(budget, place.at('budget')) }),
    ...(lint === undefined ? {} : { lint: lintOf(lint) }),
    ...(check === undefined ? {} : { check: checkOf(check, place.at('check')) }),
  };
}

const words = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? value.trim().split(/\s+/) : value;

/** `8080` → `8080/tcp`. @throws TareError `code` naming `where` */
export function parsePort(value: string | number, where: Place | string, code: 'E_CONFIG' | 'E_USAGE'): string {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(String(value));
  const number = Number(match?.[1] ?? 0);
  if (number < 1 || number > 65535)
    throw new TareError(code, `${placeText(where)}: ${JSON.stringify(value)} is not a port such as 8080 or 53/udp`);
  return `${number}/${match?.[2] ?? 'tcp'}`;
}

/** YAML reads `2026.1` as a number. */
function lintOf({ rules, ruleset }: NonNullable<RawConfig['lint']>): NonNullable<Config['lint']> {
  return {
    ...(ruleset === undefined ? {} : { ruleset: String(ruleset) }),
    ...(rules === undefined ? {} : { rules }),
  };
}

function budgetOf(
  raw: { wire?: string | number | undefined; disk?: string | number | undefined },
  place: Place,
): { wire?: number; disk?: number } {
  return {
    ...(raw.wire === undefined ? {} : { wire: parseSize(raw.wire, place.at('wire')) }),
    ...(raw.disk === undefined ? {} : { disk: parseSize(raw.disk, place.at('disk')) }),
  };
}
