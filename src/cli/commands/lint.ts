import { stat } from 'node:fs/promises';
import { TareError } from '../../base/error.ts';
import type { LintFilesOptions, LintResult } from '../../lint/lint-files.ts';
import type { Severity } from '../../lint/types.ts';
import { dockerfileIn } from '../dockerfile-hint.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { lintConfig } from '../lint-note.ts';
import type { CliContext, CommandResult, CommandSpec, Options } from '../spec.ts';

const MAX_STDIN_BYTES = 1024 * 1024; // 1 MiB
const FORMATS = ['text', 'json', 'sarif', 'github', 'checkstyle', 'junit'];

export const command: CommandSpec = {
  name: 'lint',
  arguments: [
    {
      name: '[files...]',
      description: 'Dockerfiles, or folders with one; `-` is stdin; ./Dockerfile when none is named',
    },
  ],
  summary: 'findings in a Dockerfile, with what they cost, and their fixes',
  description:
    "Checks Dockerfiles by BuildKit's rules, under their names, and by rules about size and safety. Base images that are in the store are looked up: who runs in them, and what they set. With --image, an image that was built from the file, findings say how many bytes they cost there. The exit code is 1 when there are warnings or errors. A comment `# tare ignore=RULE reason` silences a rule for the next instruction.",
  options: [
    { flags: '--fix', description: 'mend what can be mended without doubt', variable: 'TARE_LINT_FIX' },
    { flags: '--diff', description: 'print what --fix would change, and write nothing', variable: 'TARE_LINT_DIFF' },
    {
      flags: '--image <image>',
      description: 'an image that was built from the file, to measure what findings cost',
      variable: null,
    },
    {
      flags: '--format <format>',
      description: 'form of the answer',
      choices: FORMATS,
      defaultText: 'text',
      variable: 'TARE_LINT_FORMAT',
    },
    {
      flags: '--fail-on <severity>',
      description: 'exit code 1 for findings of this severity and above',
      choices: ['info', 'warning', 'error', 'never'],
      defaultText: 'warning',
    },
    {
      flags: '--severity <severity>',
      description: 'leave out findings below it',
      choices: ['info', 'warning', 'error'],
      defaultText: 'info',
    },
    {
      flags: '--ruleset <version>',
      description: 'the version of the rules; a version never gets new ones',
      defaultText: 'the newest',
      config: 'lint.ruleset',
    },
    {
      flags: '--rules <which>',
      description: 'which rules',
      choices: ['buildkit', 'size', 'all'],
      meanings: { buildkit: "BuildKit's checks alone", size: 'those about size and safety alone', all: 'both' },
      defaultText: 'all',
      variable: 'TARE_LINT_RULES',
    },
    {
      flags: '--context <dir>',
      description: 'the folder that is the build context',
      defaultText: "the file's own",
      variable: 'TARE_LINT_CONTEXT',
    },
    {
      flags: '--target <stage>',
      description: 'the stage that becomes the image',
      defaultText: 'the last one',
      variable: null,
    },
    { flags: '-f, --file <file>', description: 'a Dockerfile, or a folder with one', repeat: true, variable: null },
    {
      flags: '--config <file>',
      description: 'take the settings from this tare.yaml',
      defaultText: './tare.yaml, when it is there',
    },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare lint', './Dockerfile'],
    ['tare lint app', 'app/Dockerfile'],
    ['tare lint --fix docker/*.Dockerfile', 'mend what can be mended'],
    ['tare lint --diff', 'what that would change'],
    ['tare lint --image app:1.0', 'with the bytes that each finding costs'],
    ['tare lint --format sarif > lint.sarif', 'for code scanning'],
  ],
  async run({ args, cli, options }) {
    const settings = await settingsOf(args[0], options, cli);
    const { lintFiles } = await import('../../lint/lint-files.ts');
    const result = await lintFiles(settings);
    return answerOf(result, settings, options);
  },
};

async function settingsOf(named: CommandArgument, options: Options, cli: CliContext): Promise<LintFilesOptions> {
  const files = [...(typeof named === 'string' ? [named] : (named ?? [])), ...options.list('file')];
  const { lint } = await lintConfig(options.text('config'));
  const only = options.text('rules');
  const image = options.text('image');
  const fix = options.flag('diff') ? 'show' : options.flag('fix') ? 'write' : undefined;
  return {
    files: files.length === 0 ? [await defaultFile()] : [...new Set(await Promise.all(files.map(fileOf)))],
    store: await cli.store(),
    stdin: readStdin,
    context: options.text('context'),
    ruleset: options.text('ruleset') ?? lint?.ruleset,
    rules: lint?.rules,
    only: only === 'buildkit' || only === 'size' ? only : undefined,
    severity: options.text('severity') as Severity | undefined,
    failOn: options.text('failOn') as Severity | 'never' | undefined,
    target: options.text('target'),
    fix,
    image: image === undefined ? undefined : await opened(image, cli),
    ctx: cli.ctx,
  };
}

/** A folder stands for the Dockerfile in it. @throws TareError E_PATH_NOT_FOUND when it has none */
async function fileOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return path;
  const file = await dockerfileIn(path);
  if (file !== undefined) return file;
  throw new TareError('E_PATH_NOT_FOUND', `the folder ${path} has no Dockerfile`, {
    hint: 'name the file: `tare lint path/to/Dockerfile`',
  });
}

async function defaultFile(): Promise<string> {
  const file = await dockerfileIn('.');
  if (file !== undefined) return file;
  throw new TareError('E_PATH_NOT_FOUND', 'there is no Dockerfile in the current folder', {
    hint: 'name the file or its folder: `tare lint path/to/Dockerfile`',
  });
}

type CommandArgument = string | readonly string[] | undefined;

async function opened(reference: string, { ctx, store }: CliContext): Promise<LintFilesOptions['image']> {
  const { openImage } = await import('../../transports/index.ts');
  const opening = await store();
  return { image: await openImage(reference, { store: opening, ctx }), store: opening };
}

async function answerOf(result: LintResult, settings: LintFilesOptions, options: Options): Promise<CommandResult> {
  const { lintJson } = await import('../../report/lint/json.ts');
  const json = lintJson(result);
  const exit = result.ok ? 0 : 1;
  if (settings.fix === 'show') {
    const { lintDiff } = await import('../../report/lint/diff.ts');
    return { json, text: lintDiff(result), exit };
  }
  // As every filter does: the text goes in here and comes out there.
  const piped = settings.fix === 'write' ? result.files.find(({ file }) => file === '-') : undefined;
  if (piped !== undefined) return { json, text: () => piped.text, exit };
  const text = await textOf(result, settings, options.text('format') ?? 'text', json);
  return { json, text, exit };
}

async function textOf(
  result: LintResult,
  { fix }: LintFilesOptions,
  format: string,
  json: unknown,
): Promise<CommandResult['text']> {
  if (format === 'json') return () => JSON.stringify(json, undefined, 2);
  if (format === 'sarif') {
    const { lintSarif } = await import('../../report/lint/sarif.ts');
    return () => lintSarif(result);
  }
  if (format === 'text') {
    const { lintText } = await import('../../report/lint/tty.ts');
    return lintText(result, { fix });
  }
  const { lintCheckstyle, lintGithub, lintJunit } = await import('../../report/lint/machines.ts');
  const write = format === 'github' ? lintGithub : format === 'checkstyle' ? lintCheckstyle : lintJunit;
  return () => write(result);
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_STDIN_BYTES) throw new TareError('E_LIMIT', `stdin has more than ${MAX_STDIN_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
