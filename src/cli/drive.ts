import { TareError } from '../base/error.ts';
import { shellQuoted, shellSyntax } from './shell-syntax.ts';
import type { ShrinkOptions } from '../shrink/types.ts';
import type { Probe } from '../sandbox/types.ts';
import { OPENAPI_OPTION, PROBE_FILE_OPTION, probeOption, TIMEOUT_OPTION } from './shared-options.ts';
import type { CliContext, Options, OptionSpec } from './spec.ts';

/** Flags that say how a container is driven while it is watched. */
export const DRIVE_OPTIONS: readonly OptionSpec[] = [
  probeOption('ask this while it runs', 'the exposed ports are crawled from /'),
  PROBE_FILE_OPTION,
  OPENAPI_OPTION,
  {
    flags: '--exec <command>',
    description: 'run this program in the container too; no shell reads it either',
    repeat: true,
  },
  {
    flags: '--run <command>',
    description:
      'run this program on this machine, such as a test suite; it finds the container at TARE_URL and TARE_PORT_<PORT>. No shell reads it: for && | > $X write sh -c "…"',
  },
  { flags: '--observe <time>', description: 'watch the container for at least this long: 30s, 5m' },
  TIMEOUT_OPTION,
  {
    flags: '--config <file>',
    description: 'take the settings from this tare.yaml',
    defaultText: './tare.yaml, when it is there',
  },
];

/**
 * @param portOf the port that descriptions of an API are asked on; asked when there is one
 * @throws TareError E_USAGE, E_CONFIG
 */
export async function driveOptions(
  options: Options,
  portOf: () => Promise<number | undefined>,
): Promise<Partial<ShrinkOptions>> {
  const { splitCommand } = await import('../base/split-command.ts');
  const command = (flag: string, text: string): readonly string[] => {
    const words = splitCommand(text);
    if (words === undefined || words.length === 0)
      throw new TareError(
        'E_USAGE',
        `--${flag} ${JSON.stringify(text)} is no command: a quote is open, or it is empty`,
      );
    const syntax = shellSyntax(text);
    if (syntax !== undefined)
      throw new TareError(
        'E_USAGE',
        `--${flag} ${JSON.stringify(text)}: no shell reads this, and ${JSON.stringify(syntax)} means something to a shell alone`,
        { hint: `let a shell read it: --${flag} ${shellQuoted(`sh -c ${shellQuoted(text, '"')}`, "'")}` },
      );
    return words;
  };
  const seconds = options.number('timeout');
  if (seconds === 0) throw new TareError('E_USAGE', '--timeout 0 leaves no time to start');
  const run = options.text('run');
  const observe = options.text('observe');
  const probes = await probesOf(options, portOf);
  return {
    ...(probes.length === 0 ? {} : { probes }),
    ...(options.list('exec').length === 0 ? {} : { exec: options.list('exec').map((text) => command('exec', text)) }),
    ...(run === undefined ? {} : { run: command('run', run) }),
    ...(observe === undefined ? {} : { observeMs: durationOf(observe) }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
}

/** Those of the flags, in their order: probes, files of probes, descriptions. */
async function probesOf(options: Options, portOf: () => Promise<number | undefined>): Promise<readonly Probe[]> {
  const [{ parseProbe }, { readOpenapi, readProbeFile }] = await Promise.all([
    import('../sandbox/probes/parse.ts'),
    import('../sandbox/probes/files.ts'),
  ]);
  const probes = options.list('probe').map((text) => parseProbe(text));
  for (const file of options.list('probeFile')) probes.push(...(await readProbeFile(file)));
  const told = options.list('openapi');
  const port = told.length === 0 ? undefined : await portOf();
  for (const file of told) probes.push(...(await readOpenapi(file, { port, anyStatus: true })));
  return probes;
}

/** The one that the image exposes; undefined when there is none, or a choice. */
export async function exposedPort(image: string, cli: CliContext): Promise<number | undefined> {
  const [{ openImage }, { exposedPorts }] = await Promise.all([
    import('../transports/index.ts'),
    import('../verify/run-spec.ts'),
  ]);
  const [port, ...others] = exposedPorts(await openImage(image, { store: await cli.store(), ctx: cli.ctx }));
  return others.length === 0 ? port : undefined;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const MAX_MS = 24 * 3_600_000;

/** `30s`, `5m`, `250ms`; a bare number is seconds. @throws TareError E_USAGE */
function durationOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const ms = Number(match?.[1] ?? Number.NaN) * (UNITS[match?.[2] ?? 's'] ?? 0);
  if (match !== null && ms <= MAX_MS) return ms;
  throw new TareError('E_USAGE', `--observe ${JSON.stringify(text)} is no time such as 30s or 5m, up to 24h`);
}
