import type { Dockerfile, Instruction } from '../../../formats/dockerfile/types.ts';
import type { Facts } from '../../facts/types.ts';
import type { ShellCommand } from '../../shell/types.ts';
import type { Edit } from '../../types.ts';
import { fix, notFixed, type Mend } from '../mend.ts';
import { joinerOf, layoutOf } from './append.ts';
import { aptOf } from './apt.ts';
import { pathsOf } from './paths.ts';
import type { Run } from './runs.ts';

/** Makes a RUN that only cleans up the end of the RUN right before it, which made what is deleted. */
export function joined(file: Dockerfile, current: Run, maker: Instruction, facts: Facts): Mend {
  const { instructions } = current.stage.stage;
  const at = instructions.indexOf(current.run);
  const previous = instructions[at - 1];
  const line = maker.range.start.line;
  if (maker.kind !== 'RUN')
    return notFixed(`line ${line} copies it: use \`RUN --mount=type=bind\`, or a stage of its own`);
  if (previous === undefined || previous !== maker) return notFixed(`line ${line} is not the step right before`);
  const script = facts.scriptOf(maker);
  if (script === undefined || script.heredoc || script.closed !== undefined)
    return notFixed(`line ${line} cannot be gone on with: ${script?.closed ?? 'it is a script of its own'}`);
  if (maker.flags.length > 0 || current.run.flags.length > 0) return notFixed('the two have flags of their own');
  if (!current.script.isChain || !current.script.commands.every(isCleaning))
    return notFixed('the step does more than clean up');
  const edits = joiningEdits(file, maker, current);
  return edits === undefined ? notFixed('there are instructions for tools between the two') : fix(...edits);
}

/** What means the same wherever it runs. */
function isCleaning(command: ShellCommand): boolean {
  if (command.nested) return false;
  if (command.name === 'rm')
    return command.words.every(({ constant, text }) => constant && (text.startsWith('-') || pathsOf(text).length > 0));
  const apt = aptOf(command);
  if (apt !== undefined) return ['clean', 'autoclean', 'purge', 'remove', 'autoremove'].includes(apt.verb);
  return command.name === 'apk' && command.words[0]?.text === 'del';
}

function joiningEdits(file: Dockerfile, maker: Run['run'], { run }: Run): readonly Edit[] | undefined {
  const { text } = file;
  const end = maker.command.range.end.offset;
  const begin = run.command.range.start.offset;
  if (text.slice(run.range.start.offset, begin).includes('\n')) return undefined;
  const { before, indent, next } = layoutOf(maker, file.escape);
  const between = text.slice(end, run.range.start.offset).split(/\r?\n/);
  const comments = between.slice(1, -1).filter((line) => line.trim() !== '');
  if (between.length < 2 || between[0]?.trim() !== '' || comments.some((line) => !isPlainComment(line)))
    return undefined;
  const joiner = joinerOf(maker, file.escape);
  const lines = [before, ...comments, `${indent}${joiner}`];
  return [{ start: end, end: begin, text: lines.join(next) }];
}

/** Comments that speak to tools would speak of another instruction. */
function isPlainComment(line: string): boolean {
  return /^\s*#/.test(line) && !/^\s*#\s*(?:tare\s|check\s*=)/.test(line);
}
