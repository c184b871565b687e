import type { TareError } from '../base/error.ts';
import type { Style } from './style.ts';

export function errorText(error: TareError, style: Style): string {
  return `${style.red('error')} ${style.bold(error.code)}: ${error.message}\n${style.dim('  cure:')} ${error.hint}\n`;
}

/** One line, for `--json`. */
export function errorJson(error: TareError): string {
  return `${JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint } })}\n`;
}
