import { stat, realpath, chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { editDistance } from '../base/edit-distance.ts';
import { throwIfCancelled } from '../base/context.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { readSmallFile } from '../base/small-file.ts';
import { bytesOf } from '../base/streams.ts';
import { parseDockerfile } from '../formats/dockerfile/index.ts';
import type { Dockerfile } from '../formats/dockerfile/types.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { basesOf } from './bases.ts';
import { contextOf } from './context.ts';
import { fixDockerfile } from './fix.ts';
import { lintParsed, rank, type Linted, type LintOptions } from './lint.ts';
import { RULE_IDS } from './rules/index.ts';
import { LATEST_RULESET } from './rulesets.ts';
import type { Finding, Severity } from './types.ts';

/** The parser takes no more. */
const MAX_FILE_BYTES = 1024 * 1024; // 1 MiB

export interface LintFilesOptions {
  /** Host paths; `-` is `stdin`. */
  readonly files: readonly string[];
  readonly stdin?: () => Promise<Uint8Array>;
  /** The folder that is built; that of each file when omitted. */
  readonly context?: string | undefined;
  readonly ruleset?: string | undefined;
  readonly rules?: LintOptions['rules'];
  readonly only?: LintOptions['only'];
  readonly severity?: Severity | undefined;
  readonly target?: string | undefined;
  /** That was built from the file. */
  readonly image?: { readonly image: Image; readonly store: Store } | undefined;
  /** Where base images are looked up; what is not there is not known. */
  readonly store?: Store | undefined;
  /** `write`: mend the files. `show`: mend the text alone. */
  readonly fix?: 'write' | 'show' | undefined;
  /** Findings of this severity and above make the answer a no; `never`: none do. `warning` when omitted. */
  readonly failOn?: Severity | 'never' | undefined;
  readonly ctx: Context;
}

export interface LintedFile {
  readonly file: string;
  /** As it is now: mended, when that was asked for. */
  readonly text: string;
  readonly findings: readonly Finding[];
  readonly silenced: number;
  readonly omitted: number;
  /** With the places that they had. */
  readonly fixed: readonly Finding[];
  /** Before the fix; undefined when nothing was changed. */
  readonly before?: string;
}

export interface LintResult {
  readonly ok: boolean;
  readonly ruleset: string;
  readonly files: readonly LintedFile[];
}

/**
 * Asks the rules about files, and mends them. Nothing is written unless every file could be read.
 * @throws TareError E_DOCKERFILE, E_LIMIT, E_PATH_NOT_FOUND, E_NOT_FILE, E_PERMISSION, E_IGNORE_FILE, E_USAGE; what the image throws
 */
export async function lintFiles(options: LintFilesOptions): Promise<LintResult> {
  const { failOn = 'warning', ruleset = LATEST_RULESET } = options;
  if (options.image !== undefined && options.files.length > 1)
    throw new TareError('E_USAGE', '--image belongs to one file, and several were named');
  refuseUnknownRules(options.rules ?? {});
  if (options.context !== undefined) await refuseNoFolder(options.context);
  const files: LintedFile[] = [];
  for (const file of options.files) {
    throwIfCancelled(options.ctx.signal);
    files.push(await lintFile(file, { ...options, ruleset }));
  }
  if (options.fix === 'write')
    for (const { before, file, text } of files)
      if (before !== undefined && file !== '-') await replaceText(file, before, text, options.ctx.signal);
  const worst = files.flatMap(({ findings }) => findings.map(({ severity }) => rank(severity)));
  const ok = failOn === 'never' || !worst.some((each) => each >= rank(failOn));
  return { ok, ruleset, files };
}

/** A misspelt name would be passed over in silence. */
function refuseUnknownRules(rules: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(rules)) {
    if (RULE_IDS.has(name)) continue;
    const near = [...RULE_IDS].find((id) => editDistance(id.toLowerCase(), name.toLowerCase()) <= 2);
    throw new TareError('E_CONFIG', `lint.rules: there is no rule ${JSON.stringify(name)}`, {
      hint: near === undefined ? 'docs/rules/README.md lists them all' : `did you mean ${near}?`,
    });
  }
}

async function refuseNoFolder(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    throw fromErrno(error, `cannot read the context ${path}`);
  }
  throw new TareError('E_NOT_DIRECTORY', `the context ${path} is not a folder`);
}

function refuseUnknownTarget({ file, stages }: Dockerfile, target: string | undefined): void {
  if (target === undefined) return;
  if (stages.some(({ index, name }) => name === target.toLowerCase() || String(index) === target)) return;
  const names = stages.flatMap(({ name }) => name ?? []);
  throw new TareError('E_DOCKERFILE', `${file} has no stage ${JSON.stringify(target)}`, {
    hint: names.length === 0 ? 'its stages have no names: FROM image AS name' : `its stages are ${names.join(', ')}`,
  });
}

async function lintFile(file: string, options: LintFilesOptions): Promise<LintedFile> {
  const { isExact, text } = await textOf(file, options);
  const name = file === '-' ? 'stdin' : file;
  const dockerfile = parseDockerfile(text, { file: name, duplicateStages: 'warn' });
  refuseUnknownTarget(dockerfile, options.target);
  const dir = options.context ?? (file === '-' ? undefined : dirname(file));
  const dockerfilePath = file === '-' ? undefined : file;
  const context =
    dir === undefined
      ? undefined
      : await contextOf(dir, dockerfile, { dockerfile: dockerfilePath, assumed: options.context === undefined });
  const { image, only, rules, ruleset, severity, target } = options;
  const bases =
    options.store === undefined ? undefined : await basesOf(dockerfile, { store: options.store, ctx: options.ctx });
  const common: LintOptions = { file: name, bases, context, only, rules, ruleset, severity, target };
  const known: Pick<LintOptions, 'layers' | 'variables'> =
    image === undefined ? {} : await measuredOf(dockerfile, image, options);
  const linted = lintParsed(dockerfile, { ...common, ...known });
  if (options.fix === undefined) return { file, text, ...countsOf(linted), fixed: [] };
  if (!isExact)
    throw new TareError('E_DOCKERFILE', `${name} is not UTF-8 throughout: --fix would change other bytes as well`, {
      hint: 'save the file as UTF-8',
    });
  const { fixed, left, text: mended } = fixDockerfile(text, { ...common, variables: known.variables });
  return {
    file,
    text: mended,
    ...countsOf({ ...left, findings: left.findings.map((finding) => weighed(finding, linted)) }),
    fixed: fixed.map((finding) => weighed(finding, linted)),
    ...(mended === text ? {} : { before: text }),
  };
}

const countsOf = ({ findings, omitted, silenced }: Linted) => ({ findings, omitted, silenced });

/** The image was built from the file as it was: what was measured there counts for the same finding. */
function weighed(finding: Finding, { findings }: Linted): Finding {
  const same = findings.find(({ message, rule }) => rule === finding.rule && message === finding.message);
  return same?.bytes === undefined ? finding : { ...finding, bytes: same.bytes };
}

async function measuredOf(
  dockerfile: Dockerfile,
  { image, store }: NonNullable<LintFilesOptions['image']>,
  { ctx, target }: LintFilesOptions,
) {
  const { measured } = await import('./measure/measure.ts');
  const known = await measured(dockerfile, image, { store, target, signal: ctx.signal });
  if (known.layers.size === 0)
    ctx.onEvent({
      kind: 'warning',
      warning: {
        code: 'lint-history',
        message: `the history of ${image.reference} does not show the steps of ${dockerfile.file}: no bytes were measured`,
      },
    });
  return known;
}

async function textOf(
  file: string,
  { stdin }: LintFilesOptions,
): Promise<{ readonly text: string; readonly isExact: boolean }> {
  const bytes = file === '-' ? Buffer.from((await stdin?.()) ?? []) : await bytesOfFile(file);
  const text = bytes.toString('utf8');
  return { text, isExact: !text.includes('\ufffd') || Buffer.from(text).equals(bytes) };
}

async function bytesOfFile(file: string): Promise<Buffer> {
  try {
    return await readSmallFile(file, MAX_FILE_BYTES);
  } catch (error) {
    throw fromErrno(
      error,
      `cannot read ${file}`,
      errnoOf(error) === 'ENOENT' ? { hint: 'name the file: tare lint path/to/Dockerfile' } : {},
    );
  }
}

/** In place of the file that a link leads to, with its mode; not when somebody has changed it in the meantime. */
async function replaceText(file: string, before: string, text: string, signal: AbortSignal): Promise<void> {
  const { replaceFile } = await import('../transports/write-file.ts');
  const path = await realpath(file);
  if ((await bytesOfFile(path)).toString('utf8') !== before)
    throw new TareError('E_CHANGED', `${file} has changed while it was looked at: nothing was written`);
  const { mode } = await stat(path);
  await replaceFile(path, bytesOf(Buffer.from(text)), signal);
  await chmod(path, mode & 0o7777);
}
