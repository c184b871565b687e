import { common, commandLine, fail, isEmpty, type Draft } from './draft.ts';
import { heredocText } from './expand.ts';
import { heredocMark } from './heredocs.ts';
import { warn } from './lines.ts';
import { readDevice, readMount } from './mounts.ts';
import { shown } from './source.ts';
import type { Heredoc, RunInstruction } from './types.ts';

const NETWORKS = ['default', 'none', 'host'] as const;
const SECURITIES = ['sandbox', 'insecure'] as const;

export function buildRun(draft: Draft): RunInstruction {
  const { source } = draft.line;
  const flags = draft.checked();
  if (isEmpty(draft.args))
    warn(draft.reader, {
      rule: 'EmptyCommand',
      message: 'RUN has no command: the shell gets an empty one',
      range: draft.range,
    });
  return {
    ...common(draft, 'RUN'),
    ...commandLine(draft),
    heredocs: draft.heredocs,
    mounts: flags.texts('mount').map((flag) => readMount(source, flag)),
    network: choice(draft, 'network', NETWORKS),
    security: choice(draft, 'security', SECURITIES),
    devices: flags.texts('device').map((flag) => readDevice(source, flag)),
  };
}

function choice<T extends string>(draft: Draft, name: string, known: readonly [T, ...T[]]): T {
  const flag = draft.flags.find((other) => other.name === name);
  if (flag === undefined) return known[0];
  const found = known.find((value) => value === flag.value);
  if (found === undefined)
    throw fail(draft, `--${name} is not ${shown(flag.value)}`, `choose one of ${known.join(', ')}`, flag.range);
  return found;
}

/** What a RUN with heredocs starts. */
export type RunScript =
  /** The text goes to the shell as its command. */
  | { readonly kind: 'shell'; readonly text: string }
  /** The text begins with `#!`: it is made an executable file `/dev/pipes/NAME`, which the shell starts. */
  | { readonly kind: 'file'; readonly name: string; readonly text: string; readonly command: string };

/**
 * The command of a RUN in shell form, heredocs included: a heredoc alone is the script itself; others are given to the shell as they
 * stand (BuildKit dockerfile2llb/convert.go, dispatchRun).
 */
export function runScript(run: Pick<RunInstruction, 'command' | 'heredocs'>): RunScript {
  const [first] = run.heredocs;
  const command = run.command.value;
  if (first === undefined) return { kind: 'shell', text: command };
  if (heredocMark(command) === undefined) return { kind: 'shell', text: withHeredocs(command, run.heredocs) };
  const text = heredocText(first);
  if (!text.startsWith('#!')) return { kind: 'shell', text };
  return { kind: 'file', name: first.name, text, command: `/dev/pipes/${first.name}` };
}

/** A command followed by its heredocs, as a shell or a parser reads them. */
export function withHeredocs(command: string, heredocs: readonly Heredoc[]): string {
  return command + heredocs.map((heredoc) => `\n${heredoc.content}${heredoc.name}`).join('');
}
