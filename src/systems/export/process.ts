import type { Service } from '../../formats/compose/types.ts';
import type { RunConfig } from '../../oci/types.ts';
import type { ServiceFacts } from './types.ts';

/** What a container runs, in place of what its image says. */
export interface Process {
  /** Undefined: the image's. With an entry point of its own and no command, the image's command is nothing. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** An empty list means none at all, which no target can say: then the rest becomes the entry point. */
export function processOf({ command, entrypoint }: Service, config: RunConfig): Process {
  if (entrypoint?.length === 0) return { entrypoint: command ?? config.Cmd ?? [] };
  if (entrypoint != null) return command == null || command.length === 0 ? { entrypoint } : { entrypoint, command };
  if (command?.length === 0) return { entrypoint: config.Entrypoint ?? [] };
  return command == null ? {} : { command };
}

export interface Check {
  readonly argv: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
}

const NS_PER_MS = 1_000_000;
/** https://docs.docker.com/reference/dockerfile, HEALTHCHECK. */
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 };

/** The check of the service, else of its image, with defaults filled in. */
export function checkOf({ healthcheck }: Service, config: RunConfig): Check | undefined {
  if (healthcheck?.disabled === true) return undefined;
  const image = config.Healthcheck;
  const argv = healthcheck?.argv ?? imageCheck(config);
  if (argv === undefined || argv.length === 0) return undefined;
  const ms = (own: number | undefined, ns: number | undefined, otherwise: number): number =>
    own ?? (ns === undefined || ns <= 0 ? otherwise : Math.round(ns / NS_PER_MS));
  return {
    argv,
    intervalMs: ms(healthcheck?.intervalMs, image?.Interval, DEFAULTS.intervalMs),
    timeoutMs: ms(healthcheck?.timeoutMs, image?.Timeout, DEFAULTS.timeoutMs),
    startPeriodMs: ms(healthcheck?.startPeriodMs, image?.StartPeriod, DEFAULTS.startPeriodMs),
    retries:
      healthcheck?.retries ?? (image?.Retries === undefined || image.Retries <= 0 ? DEFAULTS.retries : image.Retries),
  };
}

function imageCheck({ Healthcheck: check, Shell }: RunConfig): readonly string[] | undefined {
  const [kind, ...words] = check?.Test ?? [];
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...(Shell ?? ['/bin/sh', '-c']), ...words] : undefined;
}

/** Undefined where the image's user is a name and nobody knows its number. */
export function userOf(
  { user = '' }: Service,
  { config, user: known }: ServiceFacts,
): { readonly uid: number; readonly gid?: number } | undefined {
  const text = user === '' ? (config.User ?? '') : user;
  if (text === '') return { uid: 0, gid: 0 };
  if (known !== undefined) return known;
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (uid === undefined) return text === 'root' || text.startsWith('root:') ? { uid: 0 } : undefined;
  return { uid: Number(uid), ...(gid === undefined ? {} : { gid: Number(gid) }) };
}

/** Without `CAP_`, in byte order. What was seen counts; where nobody has looked, what the project asks for. */
export function capabilitiesOf({ capAdd }: Service, { capabilities }: ServiceFacts): readonly string[] {
  const names = (capabilities ?? capAdd).map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  // oxlint-disable-next-line typescript/require-array-sort-compare -- code units, as bytes
  return [...new Set(names)].sort();
}

/** Of mounts and of the image's volumes: whether something is mounted there anyhow. */
export const isMounted = ({ mounts }: Service, path: string): boolean => mounts.some(({ target }) => target === path);
