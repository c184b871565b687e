import { plural } from '../format.ts';
import type { Style } from '../style.ts';
import { wrapped } from '../wrap.ts';

/** What `tare lint` would find in the Dockerfile of an image. */
export interface LintNoteText {
  readonly findings: number;
  /** That tells all of it. */
  readonly command: string;
}

/** The last line of a build's report; none when nothing was found. */
export function lintNoteLines(note: LintNoteText | undefined, style: Style): string[] {
  if (note === undefined) return [];
  return [wrapped(`  ${style.yellow(plural(note.findings, 'lint finding'))}: \`${note.command}\``, style, 2)];
}
