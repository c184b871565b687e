import { withoutSecretWords } from '../../base/command-secrets.ts';
import { compareBytes } from '../../base/path.ts';
import type { Healthcheck, Image, RunConfig } from '../../oci/types.ts';
import { shownValue, shownWords } from '../shown-value.ts';
import type { DiffConfig, DiffConfigValue } from './types.ts';

interface Setting {
  readonly member: string;
  readonly name?: string;
  /** With its secrets: what is compared. */
  readonly value: string | readonly string[];
  readonly shown: string | readonly string[];
}

const NANOSECONDS = 1e9;
/** Labels that say when an image was made: image-spec annotations.md; label-schema.org. */
const TIMES: ReadonlySet<string> = new Set(['org.opencontainers.image.created', 'org.label-schema.build-date']);

/**
 * What a run time, or whoever looks at the image, is told differently: one row for each setting, in a fixed order.
 * @param semantic leaves out when and by whom it was made, and annotations of the manifest: archives of Docker keep none
 */
export function diffConfigs(before: Image, after: Image, semantic: boolean): readonly DiffConfig[] {
  const [one, two] = [settingsOf(before, semantic), settingsOf(after, semantic)];
  const keys = [...new Set([...one.keys(), ...two.keys()])];
  return keys
    .sort((a, b) => compareBytes(a, b))
    .flatMap((key): DiffConfig[] => {
      const [a, b] = [one.get(key), two.get(key)];
      if (JSON.stringify(a?.value) === JSON.stringify(b?.value)) return [];
      const { member, name } = (a ?? b) as Setting;
      return [{ member, ...(name === undefined ? {} : { name }), before: shownOf(a), after: shownOf(b) }];
    });
}

const shownOf = (setting: Setting | undefined): DiffConfigValue => setting?.shown ?? null;

/** By a key that sorts them: the number of the group, then the name. What is empty is not set. */
function settingsOf({ config, manifest }: Image, semantic: boolean): ReadonlyMap<string, Setting> {
  const run = config.config ?? {};
  const settings = new Map<string, Setting>();
  let group = 0;
  const add = (member: string, value: string | readonly string[] | null | undefined): void => {
    group += 1;
    if (value === null || value === undefined || value.length === 0) return;
    const shown = typeof value === 'string' ? withoutSecretWords(value) : shownWords(value);
    settings.set(keyOf(group), { member, value, shown });
  };
  const addNamed = (member: string, pairs: Iterable<readonly [string, string]>): void => {
    group += 1;
    for (const [name, value] of pairs)
      settings.set(`${keyOf(group)} ${name}`, { member, name, value, shown: shownValue(name, value) });
  };
  add('platform', [config.os, config.architecture, config.variant, config['os.version']].filter(Boolean).join('/'));
  add('entrypoint', run.Entrypoint);
  add('cmd', run.Cmd);
  add('user', run.User);
  add('workdir', run.WorkingDir);
  addNamed('env', (run.Env ?? []).map(pairOf));
  add('ports', namesIn(run.ExposedPorts));
  add('volumes', namesIn(run.Volumes));
  addNamed(
    'label',
    Object.entries(run.Labels ?? {}).filter(([name]) => !semantic || !TIMES.has(name)),
  );
  add('healthcheck', healthOf(run.Healthcheck));
  add('stop-signal', run.StopSignal);
  add('shell', run.Shell);
  add('on-build', run.OnBuild);
  addNamed('other', othersOf(run, semantic));
  if (!semantic) {
    addNamed('annotation', Object.entries(manifest.annotations ?? {}));
    add('author', config.author);
    add('created', config.created);
  }
  return settings;
}

/** Members of `config` that have a row of their own. */
const KNOWN: ReadonlySet<string> = new Set([
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'Healthcheck',
  'Shell',
  'OnBuild',
]);
/** Of the container that it was built in; `ArgsEscaped` means nothing on Linux. */
const OF_BUILD: ReadonlySet<string> = new Set(['ArgsEscaped', 'Domainname', 'Hostname', 'Image']);
/** As Go writes what is not set. */
const NOTHING: ReadonlySet<string> = new Set(['null', 'false', '0', '""', '[]', '{}']);

/** What else run times may be told, `StopTimeout` and whatever there will be, as JSON. */
function othersOf(run: RunConfig, semantic: boolean): readonly (readonly [string, string])[] {
  return Object.entries(run as Readonly<Record<string, unknown>>)
    .filter(([name]) => !KNOWN.has(name) && !(semantic && OF_BUILD.has(name)))
    .map(([name, value]) => [name, JSON.stringify(value) ?? 'null'] as const)
    .filter(([, text]) => !NOTHING.has(text));
}

const keyOf = (group: number): string => String(group).padStart(2, '0');

const namesIn = (names: Readonly<Record<string, object>> | undefined): readonly string[] =>
  Object.keys(names ?? {}).sort(compareBytes);

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function healthOf(check: Healthcheck | undefined): readonly string[] | undefined {
  if (check === undefined) return undefined;
  const time = (flag: string, value: number | undefined): string[] =>
    value === undefined || value === 0 ? [] : [`--${flag}=${value / NANOSECONDS}s`];
  return [
    ...time('interval', check.Interval),
    ...time('timeout', check.Timeout),
    ...time('start-period', check.StartPeriod),
    ...time('start-interval', check.StartInterval),
    ...(check.Retries === undefined || check.Retries === 0 ? [] : [`--retries=${check.Retries}`]),
    ...(check.Test ?? []),
  ];
}
