import type { Range, RunInstruction } from '../../../formats/dockerfile/types.ts';
import type { Facts, StageFacts } from '../../facts/types.ts';
import type { Script, ShellCommand, ShellWord } from '../../shell/types.ts';

export interface Run {
  readonly run: RunInstruction;
  readonly script: Script;
  readonly stage: StageFacts;
}

/** Every RUN that can be read of these stages, in order. */
export function* runsOf(stages: readonly StageFacts[], facts: Facts): Iterable<Run> {
  for (const stage of stages) {
    for (const run of stage.stage.instructions) {
      const script = run.kind === 'RUN' ? facts.scriptOf(run) : undefined;
      if (run.kind === 'RUN' && script !== undefined) yield { run, script, stage };
    }
  }
}

/** A command with its verb: `apt-get -y install x`. */
export interface Invocation {
  readonly command: ShellCommand;
  readonly verb: string;
  readonly verbWord: ShellWord | undefined;
  /** Words behind the verb that are no flags. */
  readonly operands: readonly ShellWord[];
  readonly flags: readonly string[];
}

/** @param valued flags whose value is the next word */
export function invocationOf(command: ShellCommand, valued: readonly string[] = []): Invocation {
  const flags: string[] = [];
  const rest: ShellWord[] = [];
  for (let at = 0; at < command.words.length; at++) {
    const word = command.words[at] as ShellWord;
    if (!word.text.startsWith('-') || word.text === '-') rest.push(word);
    else {
      flags.push(word.text);
      if (valued.includes(word.text)) {
        at += 1;
        flags.push(command.words[at]?.text ?? '');
      }
    }
  }
  const [verbWord, ...operands] = rest;
  return { command, verb: verbWord?.text ?? '', verbWord, operands, flags };
}

/** The place of a part of the script in the file; that of the whole command where it cannot be told. */
export function rangeOf({ run, script }: Run, { end, start }: Pick<ShellWord, 'start' | 'end'>, facts: Facts): Range {
  const from = end > start ? script.place(start) : undefined;
  const to = end > start ? script.place(end - 1) : undefined;
  return from === undefined || to === undefined ? run.command.range : facts.rangeAt(from, to + 1);
}
