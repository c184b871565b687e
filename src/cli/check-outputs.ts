import { appendFile } from 'node:fs/promises';
import { fromErrno, TareError } from '../base/error.ts';
import { bytesOf } from '../base/streams.ts';
import type { CheckReport } from '../explain/check/types.ts';
import type { CliContext } from './spec.ts';
import { refuseUnwritable } from './writable.ts';

/** A report in a form for machines, for a file. */
export interface CheckOutput {
  readonly format: string;
  readonly file: string;
}

export const FORMAT_NAMES = ['text', 'json', 'junit', 'sarif', 'github', 'markdown'];
/** Each of several jobs that write to it at once writes its own piece whole. */
const SUMMARY_VARIABLE = 'GITHUB_STEP_SUMMARY';

/** `junit=report.xml`, before anything is done. @throws TareError E_USAGE; what `refuseUnwritable` throws */
export async function checkOutputs(texts: readonly string[]): Promise<readonly CheckOutput[]> {
  const outputs = texts.map((text) => {
    const cut = text.indexOf('=');
    const format = text.slice(0, Math.max(0, cut));
    const file = text.slice(cut + 1);
    if (!FORMAT_NAMES.includes(format) || format === 'text' || file === '')
      throw new TareError('E_USAGE', `--output ${JSON.stringify(text)} is not FORMAT=FILE`, {
        hint: `for example --output junit=report.xml; formats are ${FORMAT_NAMES.slice(1).join(', ')}`,
      });
    return { format, file };
  });
  await refuseUnwritable(outputs.map(({ file }) => file));
  return outputs;
}

/** Writes the files, and the job summary of GitHub Actions where one is wanted. @throws TareError E_IO, E_PERMISSION, … */
export async function writeOutputs(
  report: CheckReport,
  {
    cli,
    format,
    outputs,
  }: { readonly cli: CliContext; readonly format: string; readonly outputs: readonly CheckOutput[] },
): Promise<void> {
  const { CHECK_FORMATS } = await import('../report/check/formats.ts');
  const { replaceFile } = await import('../transports/write-file.ts');
  const textOf = (name: string): string => `${(CHECK_FORMATS[name]?.(report) ?? '').trimEnd()}\n`;
  for (const { file, format: name } of outputs)
    await replaceFile(file, bytesOf(Buffer.from(textOf(name))), cli.ctx.signal);
  const summary = cli.env[SUMMARY_VARIABLE] ?? '';
  if (format !== 'github' || summary === '') return;
  try {
    await appendFile(summary, textOf('markdown'));
  } catch (error) {
    throw fromErrno(error, `cannot write the job summary ${summary}`);
  }
}
