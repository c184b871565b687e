import type { Dockerfile, RunInstruction } from '../../../formats/dockerfile/types.ts';
import { fix, inserted, notFixed, type Mend } from '../mend.ts';
import type { Run } from './runs.ts';

const DEFAULT_INDENT = '    ';

/** One more command at the end of a RUN, in the layout of its lines. */
export function appended({ escape }: Dockerfile, { run, script }: Run, command: string): Mend {
  if (script.closed !== undefined) return notFixed(script.closed);
  if (script.heredoc) {
    const [first] = run.heredocs;
    if (first === undefined || first.chomp) return notFixed('its lines are indented by tabs that do not count');
    return fix(inserted(first.terminator.start.offset, `${command}${feedOf(first.content)}`));
  }
  const end = script.place(script.text.trimEnd().length);
  if (end === undefined) return notFixed('its text cannot be found in the file');
  if (!run.command.raw.includes('\n')) return fix(inserted(end, ` && ${command}`));
  const { before, indent, next } = layoutOf(run, escape);
  return fix(inserted(end, `${before}${next}${indent}${joinerOf(run, escape)}${command}`));
}

/** How a RUN of several lines goes from one line to the next. */
export function layoutOf(
  run: RunInstruction,
  escape: string,
): { readonly before: string; readonly next: string; readonly indent: string } {
  const { raw } = run.command;
  return {
    before: isTrailing(run, escape) ? ` && ${escape}` : ` ${escape}`,
    next: feedOf(raw),
    indent: /\n([\t ]+)[^\n]*$/.exec(raw)?.[1] ?? DEFAULT_INDENT,
  };
}

/** What stands before a command at the start of its line. */
export function joinerOf(run: RunInstruction, escape: string): string {
  return isTrailing(run, escape) ? '' : '&& ';
}

/** `&&` stands at the end of lines, not at their start. */
function isTrailing({ command }: RunInstruction, escape: string): boolean {
  return command.raw.split('\n').some((line) => {
    const text = line.trimEnd();
    return text.endsWith(escape) && text.slice(0, -1).trimEnd().endsWith('&&');
  });
}

function feedOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
