import { formatDuration } from './durations.ts';
import { goQuotedList } from './go-text.ts';
import { parsePorts } from './ports.ts';
import { runScript } from './run.ts';
import type {
  AddInstruction,
  CommandLine,
  CopyInstruction,
  HealthcheckInstruction,
  Instruction,
  RunInstruction,
} from './types.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** What the text of an instruction depends on beside itself. */
export interface TextState {
  /** Replaces the variables of a word; without it, words stay as they are. */
  readonly expand?: (word: string) => string;
  /** Splits a word after expansion (EXPOSE); without it, ports that hold variables stay as they are. */
  readonly expandWords?: (word: string) => readonly string[];
  /** The last SHELL; `/bin/sh -c` when omitted. */
  readonly shell?: readonly string[];
  /** The ARGs of the stage so far, with their values, in the order of their first mention. */
  readonly buildArgs?: readonly (readonly [name: string, value: string])[];
  /** What WORKDIR comes to: an absolute path. */
  readonly workingDirectory?: string;
}

/**
 * The line that BuildKit writes into `history[].created_by` (dockerfile2llb/convert.go, commitToHistory): `RUN /bin/sh -c make # buildkit`,
 * `ENV A=b`, `CMD ["node" "a.js"]`. FROM and ONBUILD have no history: they give their own text.
 * @throws TareError E_DOCKERFILE, E_LIMIT from `expand` and from the ports of EXPOSE
 */
export function instructionText(instruction: Instruction, state: TextState = {}): string {
  const expand = state.expand ?? ((word: string) => word);
  const shell = state.shell ?? DEFAULT_SHELL;
  switch (instruction.kind) {
    case 'FROM':
    case 'ONBUILD':
      return instruction.text;
    case 'RUN':
      return ['RUN', ...argsPrefix(state.buildArgs ?? []), ...runArguments(instruction, shell), '# buildkit'].join(' ');
    case 'COPY':
    case 'ADD':
      return filesText(instruction, expand);
    case 'ENV':
    case 'LABEL':
      return [
        instruction.kind,
        ...instruction.pairs.map(({ key, value }) => `${expand(key.value)}=${expand(value.value)}`),
      ].join(' ');
    case 'ARG':
      return ['ARG', ...instruction.args.map((arg) => argText(arg.key.value, arg.value?.value, state))].join(' ');
    case 'CMD':
    case 'ENTRYPOINT':
      return `${instruction.kind} ${goQuotedList(argumentsOf(instruction, shell))}`;
    case 'SHELL':
      return `SHELL ${list(argumentsOf(instruction, shell))}`;
    case 'HEALTHCHECK':
      return `HEALTHCHECK ${healthText(instruction)}`;
    case 'EXPOSE': {
      const words = instruction.ports.map(({ value }) => value).sort(byBytes);
      const expanded = words.flatMap((word) => state.expandWords?.(word) ?? [expand(word)]);
      return `EXPOSE ${list(state.expandWords === undefined && words.some(isVariable) ? expanded : parsePorts(expanded))}`;
    }
    case 'VOLUME':
      return `VOLUME ${list(instruction.paths.map(({ value }) => expand(value)))}`;
    case 'WORKDIR':
      return `WORKDIR ${state.workingDirectory ?? expand(instruction.path.value)}`;
    case 'USER':
      return `USER ${expand(instruction.user.value)}`;
    case 'STOPSIGNAL':
      return `STOPSIGNAL ${expand(instruction.signal.value)}`;
    default:
      return `MAINTAINER ${instruction.name.value}`;
  }
}

const list = (items: readonly string[]): string => `[${items.join(' ')}]`;

const isVariable = (word: string): boolean => word.includes('$');

/** Go sorts the ports as strings, before expansion. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function argsPrefix(args: readonly (readonly [string, string])[]): string[] {
  if (args.length === 0) return [];
  return [`|${args.length}`, ...args.map(([name, value]) => `${name}=${value}`)];
}

/** A build argument's value is the one given from outside when `buildArgs` has it. */
function argText(name: string, value: string | undefined, state: TextState): string {
  const given = state.buildArgs?.find(([other]) => other === name)?.[1];
  if (given !== undefined) return `${name}=${given}`;
  return value === undefined ? name : `${name}=${state.expand?.(value) ?? value}`;
}

/** What is started: the words of the exec form, or the shell with the text behind it. */
export function argumentsOf(line: CommandLine, shell: readonly string[] = DEFAULT_SHELL): string[] {
  return line.form === 'exec' ? line.words.map(({ value }) => value) : [...shell, line.command.value];
}

/** The same for RUN, heredocs included; see `runScript` for the file that a `#!` heredoc needs. */
export function runArguments(run: RunInstruction, shell: readonly string[] = DEFAULT_SHELL): string[] {
  if (run.form === 'exec') return argumentsOf(run, shell);
  const script = runScript(run);
  return [...shell, script.kind === 'file' ? script.command : script.text];
}

function filesText(node: CopyInstruction | AddInstruction, expand: (word: string) => string): string {
  return [
    node.kind,
    ...(node.kind === 'COPY' && node.parents ? ['--parents'] : []),
    ...(node.chown === undefined ? [] : [`--chown=${expand(node.chown)}`]),
    ...(node.chmod === undefined ? [] : [`--chmod=${expand(node.chmod)}`]),
    ...node.sources.map(({ value }) => expand(value)),
    ...node.heredocs.map(({ name }) => `<<${name}`),
    expand(node.destination.value),
    '# buildkit',
  ].join(' ');
}

function healthText({ check }: HealthcheckInstruction): string {
  const times = (values: readonly number[], retries: number): string =>
    `Interval:${formatDuration(values[0] ?? 0)} Timeout:${formatDuration(values[1] ?? 0)} ` +
    `StartPeriod:${formatDuration(values[2] ?? 0)} StartInterval:${formatDuration(values[3] ?? 0)} Retries:${retries}`;
  if (check.type === 'NONE') return `{Test:[NONE] ${times([], 0)}}`;
  const test = healthTest(check);
  return `{Test:${list(test)} ${times([check.interval, check.timeout, check.startPeriod, check.startInterval], check.retries)}}`;
}

/** `Healthcheck.Test` of the image config: `CMD` and words, or `CMD-SHELL` and a text. */
export function healthTest(line: CommandLine): string[] {
  if (line.form === 'shell') return ['CMD-SHELL', line.command.value];
  return ['CMD', ...line.words.map(({ value }) => value)];
}
