import type { SystemVerification } from '../systems/prove/verify.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { verifyText } from './verify.ts';

/** The answer of `tare verify --file`: one line a probe; on failure what each service said last. */
export function systemVerifyText(result: SystemVerification): (style: Style) => string {
  const { failed, output, project, ...verdict } = result;
  // What the services said follows, each with its name.
  const table = verifyText(project, { ...verdict, output: failed ?? '', missing: [] });
  return (style) => {
    const said = Object.entries(output)
      .filter(([, text]) => text.trim() !== '')
      .map(([service, text]) => `\n${style.bold(service)} said:\n${printable(text.trimEnd()).replace(/^/gm, '  │ ')}`);
    return [table(style), ...said].join('\n');
  };
}
