import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TareError } from '../base/error.ts';
import type { DockerfileOptions } from '../build/dockerfile/types.ts';
import type { Config } from '../config/config.ts';
import { shellWord } from './dockerfile-hint.ts';
import type { CliContext } from './spec.ts';

const CONFIG_FILE = 'tare.yaml';

/** What `tare lint` goes by: the file that was told, else ./tare.yaml when it is there. Reading settings loads what understands all of them. */
export async function lintConfig(told: string | undefined): Promise<Config> {
  const isThere = (): string => CONFIG_FILE;
  const file = told ?? (await access(CONFIG_FILE).then(isThere, () => undefined));
  if (file === undefined) return {};
  const { readConfigFile } = await import('../config/config.ts');
  return readConfigFile(file);
}

/** What `tare lint` would find in a Dockerfile that was built: how much, and the command that tells it. Undefined: nothing. */
export interface LintNote {
  readonly findings: number;
  readonly command: string;
}

export async function lintNote(settings: DockerfileOptions, cli: CliContext): Promise<LintNote | undefined> {
  const { dir, file, target, text } = settings;
  if (text !== undefined) return undefined;
  const { lintFiles } = await import('../lint/lint-files.ts');
  const isElsewhere = resolve(dirname(file)) !== resolve(dir);
  try {
    const { lint } = await lintConfig(undefined);
    const result = await lintFiles({
      files: [file],
      ...(isElsewhere ? { context: dir } : {}),
      rules: lint?.rules,
      ruleset: lint?.ruleset,
      target,
      store: await cli.store(),
      ctx: cli.ctx,
    });
    const findings = result.files.reduce((sum, each) => sum + each.findings.length + each.omitted, 0);
    if (findings === 0) return undefined;
    const context = isElsewhere ? ` --context ${shellWord(dir)}` : '';
    const stage = target === undefined ? '' : ` --target ${shellWord(target)}`;
    return { findings, command: `tare lint -f ${shellWord(file)}${context}${stage}` };
  } catch (error) {
    // The image is there: what is wrong with settings of another command is worth a line, not a failed build.
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    const warning = { code: 'lint', message: `the Dockerfile was not looked at: ${error.message}` };
    cli.ctx.onEvent({ kind: 'warning', warning });
    return undefined;
  }
}
