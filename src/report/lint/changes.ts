import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Style } from '../style.ts';
import { shortened } from '../wrap.ts';
import { changedLines } from './diff.ts';
import { printableLine } from './printable.ts';

/** Of one file: more are not for reading on a screen. */
const MAX_LINES = 60;

/** What `--fix` has done to a file, line by line: numbers of the old text before `-`, of the new one before `+`. */
export function changeLines(before: string, after: string, style: Style): string[] {
  const lines = changedLines(before, after);
  const shown = lines.slice(0, MAX_LINES).map(({ number, sign, text }) => {
    const words = printableLine(withoutSecretWords(text.replace(/\r?\n$/, '')));
    const line = shortened(`${String(number).padStart(5)} ${sign} ${words}`, style, style.width);
    return sign === '+' ? style.green(line) : style.red(line);
  });
  const rest = lines.length - shown.length;
  return rest === 0 ? shown : [...shown, style.dim(`      … and ${rest} more lines`)];
}
