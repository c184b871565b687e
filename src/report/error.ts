import { withoutSecretWords } from '../base/command-secrets.ts';
import type { TareError } from '../base/error.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

export function errorText(error: TareError, style: Style): string {
  const message = wrapped(
    `${style.red('error')} ${style.bold(error.code)}: ${printable(withoutSecretWords(error.message))}`,
    style,
    2,
  );
  return `${message}\n${wrapped(`${style.dim('  cure:')} ${printable(error.hint)}`, style, 8)}\n`;
}

/** One line, for `--json`. */
export function errorJson(error: TareError): string {
  return `${JSON.stringify({ error: { code: error.code, message: withoutSecretWords(error.message), hint: error.hint } })}\n`;
}
