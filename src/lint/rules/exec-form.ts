import { parse } from 'unbash';
import { BUILTINS } from '../../evidence/shell/builtins.ts';
import type { CmdInstruction, EntrypointInstruction, Instruction } from '../../formats/dockerfile/types.ts';
import type { Facts, StageFacts } from '../facts/types.ts';
import { isPlain, wordOf, wordsOf } from '../shell/words.ts';
import { fix, notFixed, replaced, type Mend } from './mend.ts';

/** A command in shell form as a JSON array, when the shell would do no more than split it into words. */
export function execForm(node: CmdInstruction | EntrypointInstruction, facts: Facts, escape: string): Mend {
  const { raw, range, value } = node.command;
  const { shell, stage } = facts.pointOf(node);
  if (shell !== undefined) return notFixed('SHELL asks for a shell of its own');
  if (raw !== value && /^[\t ]*#/m.test(raw)) return notFixed('there are comments between its lines');
  const words = plainWords(value);
  if (typeof words === 'string') return notFixed(words);
  const others = [...stageInstructions(stage)];
  if (node.kind === 'CMD' && others.some(({ kind }) => kind === 'ENTRYPOINT'))
    return notFixed('ENTRYPOINT would get other arguments');
  if (node.kind === 'ENTRYPOINT' && others.some(({ kind }) => kind === 'CMD'))
    return notFixed('it would get the words of CMD, which the shell form ignores');
  const text = `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
  return text.includes(`${escape}\n`) ? notFixed('it holds the escape of the file') : fix(replaced(range, text));
}

/** Of the stage and of those that it is built upon. */
function* stageInstructions(facts: StageFacts): Iterable<Instruction> {
  for (let at: StageFacts | undefined = facts; at !== undefined; at = at.parent) yield* at.stage.instructions;
}

/** The words of one simple command, or why they are more than that. `exec` before it changes nothing. */
function plainWords(text: string): readonly string[] | string {
  const { commands, errors } = parse(text);
  const [only] = commands;
  const command = only?.command;
  if ((errors ?? []).length > 0 || commands.length !== 1 || command?.type !== 'Command' || only?.background === true)
    return 'it is more than one simple command';
  if (only?.end !== text.length) return 'it ends with a comment or a semicolon';
  if (command.prefix.length > 0 || command.redirects.length > 0) return 'it sets variables or redirects something';
  const words = wordsOf(command);
  if (command.args.length !== words.length - 1 || !words.every(isPlain)) return 'the shell expands a part of it';
  const values = words.map((word) => wordOf(word).text);
  const rest = values[0] === 'exec' && values.length > 1 ? values.slice(1) : values;
  const [program = ''] = rest;
  if (program === '' || program.startsWith('-') || BUILTINS.has(program)) return `${program} is a part of the shell`;
  return rest;
}
