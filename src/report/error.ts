import type { TareError } from '../base/error.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

export function errorText(error: TareError, style: Style): string {
  const message = wrapped(`${style.red('error')} ${style.bold(error.code)}: ${printable(error.message)}`, style, 2);
  return `${message}\n${wrapped(`${style.dim('  cure:')} ${printable(error.hint)}`, style, 8)}\n`;
}

/** What a container has printed may be part of a message: it must not command the terminal. */
function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** One line, for `--json`. */
export function errorJson(error: TareError): string {
  return `${JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint } })}\n`;
}
