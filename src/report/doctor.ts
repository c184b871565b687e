import type { Diagnosis } from '../sandbox/doctor.ts';
import type { Style } from './style.ts';

/** A line a check, with the cure below what fails. */
export function doctorText(result: Diagnosis): (style: Style) => string {
  return (style) => {
    const width = Math.max(...result.checks.map((check) => check.name.length));
    const lines = result.checks.flatMap((check) => {
      const mark = check.ok === null ? style.dim('–') : check.ok ? style.green('✓') : style.red('✗');
      const cure =
        check.cure === undefined || check.ok === true
          ? []
          : [`${' '.repeat(width + 6)}${style.dim('cure:')} ${check.cure}`];
      return [`  ${mark} ${check.name.padEnd(width)}  ${check.detail}`, ...cure];
    });
    const verdict = result.ok
      ? style.green('images can be run and verified on this machine')
      : style.red('images can be built on this machine, but not run');
    return [...lines, '', verdict].join('\n');
  };
}
