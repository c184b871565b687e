import { constants } from 'node:os';
import { createContext } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import { ERROR_CODES } from '../base/error-codes.ts';
import { createProgress, type ProgressMode } from '../report/progress.ts';
import { errorJson, errorText } from '../report/error.ts';
import { createStyle, type Style } from '../report/style.ts';
import type { Store } from '../store/types.ts';
import { withFileFlag } from './compose-file-hint.ts';
import { GLOBAL_OPTIONS, mergeEnvironment } from './options.ts';
import { registrySettings } from './registry-options.ts';
import { parseCommandLine } from './parse.ts';
import type { CliContext, CommandResult } from './spec.ts';

/** Parses, runs one command, prints its answer, ends the process with its exit code. */
export async function runCli(argv: readonly string[]): Promise<void> {
  ignoreBrokenPipes();
  const json = argv.includes('--json') || isOn(process.env['TARE_JSON']);
  let command: string | undefined;
  try {
    const parsed = await parseCommandLine(argv, { columns: columnsOf(process.stdout) });
    if (parsed.kind === 'text') return await finish(parsed.text, 0);
    command = parsed.spec.name;
    const options = mergeEnvironment([...parsed.spec.options, ...GLOBAL_OPTIONS], parsed.given, process.env);
    const colour = (options.maybeFlag('color') ?? true) && (process.env['NO_COLOR'] ?? '') === '';
    const quiet = options.flag('quiet');
    const progress = createProgress({
      mode: quiet
        ? 'none'
        : ((options.text('progress') ?? (isDumb() && process.stderr.isTTY ? 'plain' : 'auto')) as ProgressMode),
      stream: process.stderr,
      verbose: options.flag('verbose'),
      style: styleOf(process.stderr, colour),
    });
    const abort = abortOnSignals();
    const cli: CliContext = {
      ctx: createContext({ onEvent: progress.onEvent, signal: abort, registry: registrySettings(options) }),
      env: process.env,
      json: options.flag('json'),
      quiet,
      style: styleOf(process.stdout, colour),
      store: () => storeOnce(),
    };
    let result: CommandResult;
    try {
      result = await parsed.spec.run({ args: parsed.args, options, cli });
    } catch (error) {
      throw abort.aborted ? cancelled(error) : error;
    } finally {
      progress.close();
    }
    await print(result, cli);
  } catch (error) {
    const failure = withFileFlag(withCommandNamed(asTareError(error), command), argv);
    const style = styleOf(process.stderr, (process.env['NO_COLOR'] ?? '') === '' && !argv.includes('--no-color'));
    await write(process.stderr, json ? errorJson(failure) : errorText(failure, style));
    if (isOn(process.env['TARE_DEBUG'])) await write(process.stderr, `${stackOf(error)}\n`);
    process.exit(failure.exit);
  }
}

/** Of a stream that is no terminal. */
const PIPE_COLUMNS = 100;
const columnsOf = (stream: NodeJS.WriteStream): number => stream.columns || PIPE_COLUMNS;

function styleOf(stream: NodeJS.WriteStream, colour: boolean): Style {
  return createStyle({ colour: colour && stream.isTTY && !isDumb(), width: columnsOf(stream), terminal: stream.isTTY });
}

/** A terminal that can neither colour nor take a line back. */
const isDumb = (): boolean => process.env['TERM'] === 'dumb';

const isOn = (value: string | undefined): boolean =>
  value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value);

let opened: Promise<Store> | undefined;
/** One store for one process, opened when the first command asks for it. */
function storeOnce(): Promise<Store> {
  opened ??= import('../store/index.ts').then(({ openStore, defaultHome }) =>
    openStore({ home: defaultHome(process.env) }),
  );
  return opened;
}

async function print(result: CommandResult, cli: CliContext): Promise<void> {
  const exit = result.exit ?? 0;
  if (result.raw !== undefined) {
    for await (const chunk of result.raw) await write(process.stdout, chunk);
    return finish('', exit);
  }
  const text = cli.json ? JSON.stringify(result.json, undefined, 2) : result.text(cli.style);
  return finish(text, exit);
}

async function finish(text: string, exit: number): Promise<void> {
  if (text !== '') await write(process.stdout, text.endsWith('\n') ? text : `${text}\n`);
  process.exit(exit);
}

function write(stream: NodeJS.WriteStream, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(data, () => {
      resolve();
    });
  });
}

/** `tare files X | head` ends head first: that is no error of ours. */
function ignoreBrokenPipes(): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  };
  process.stdout.on('error', onError);
  process.stderr.on('error', onError);
}

/** The first signal asks everything to stop and clean up; the second ends the process at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(128 + constants.signals[signal]);
      controller.abort(new TareError('E_CANCELLED', `interrupted by ${signal}`));
    });
  }
  return controller.signal;
}

function cancelled(error: unknown): TareError {
  if (error instanceof TareError && error.code === 'E_CANCELLED') return error;
  return new TareError('E_CANCELLED', 'interrupted', { cause: error });
}

function asTareError(error: unknown): TareError {
  if (error instanceof TareError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TareError('E_INTERNAL', `this should not happen: ${message.split('\n')[0] ?? ''}`, { cause: error });
}

/** The cure of wrong usage, as the table has it, stands for every command. */
function withCommandNamed(error: TareError, command: string | undefined): TareError {
  const { code, hint, message } = error;
  if (command === undefined || hint !== ERROR_CODES.E_USAGE.hint) return error;
  return new TareError(code, message, { hint: hint.replace('COMMAND', command), cause: error });
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 8; at = at.cause)
    parts.push(at.stack ?? at.message);
  return parts.join('\ncaused by: ');
}
