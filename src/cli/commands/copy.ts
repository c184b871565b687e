import { fromErrno, TareError } from '../../base/error.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { COPY_OPTIONS, copyHow } from '../copy-options.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT } from '../shared-options.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';

const MAX_LIST_BYTES = 16 * 1024 * 1024; // 16 MiB

export const command: CommandSpec = {
  name: 'copy',
  arguments: [
    { ...IMAGE_ARGUMENT, name: '[source]' },
    { name: '[target]', description: 'the same forms' },
  ],
  summary: 'copy an image from one transport to another',
  description:
    'Copies an image, or with --all-platforms an index with all its images. Blobs that the target has are not written again. The media docker-archive: and docker-daemon: hold one platform and nothing that refers to it.',
  options: [
    ...COPY_OPTIONS,
    {
      flags: '--from-file <file>',
      description:
        'copy what this list says in place of the arguments: a line each, SOURCE TARGET; # begins a comment. What is there is skipped',
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare copy app docker-daemon:app:latest', 'into the local daemon'],
    ['tare copy docker-archive:app.tar app', 'from docker save into the store'],
    ['tare copy app docker://registry.example.com/app:1', 'into a registry'],
    ['tare copy app oci:layout:app', 'a folder that skopeo, umoci and podman read'],
    [
      'tare copy --all-platforms --referrers docker://example.com/app oci:all',
      'every platform with signatures and SBOMs, for a site without a network',
    ],
    ['tare copy --dry-run app docker://registry.example.com/app:2', 'what would travel'],
  ],
  async run(input) {
    const { args, cli, options } = input;
    const file = options.text('fromFile');
    if (file !== undefined) return copyFile(file, input);
    const [source, target] = args;
    if (typeof source !== 'string' || typeof target !== 'string')
      throw new TareError('E_USAGE', 'copy needs a source and a target, or --from-file', {
        hint: 'for example `tare copy app oci:layout:app`',
      });
    const [{ copy }, { copyText }] = await Promise.all([import('../../ship/copy.ts'), import('../../report/copy.ts')]);
    const result = await copy({
      source,
      target,
      store: await cli.store(),
      ctx: cli.ctx,
      ...copyHow(options),
    });
    return { json: result, text: cli.quiet ? () => '' : copyText(result) };
  },
};

async function copyFile(file: string, { args, cli, options }: CommandInput): Promise<CommandResult> {
  if (args[0] !== undefined)
    throw new TareError('E_USAGE', '--from-file and a source on the command line exclude each other', {
      hint: 'put the source and its target into the file',
    });
  const [{ copyList, parseCopyList }, { copyListText }] = await Promise.all([
    import('../../ship/copy-list.ts'),
    import('../../report/copy.ts'),
  ]);
  const lines = parseCopyList(await readList(file), file);
  const store = await cli.store();
  const result = await copyList(lines, { store, ctx: cli.ctx, ...copyHow(options) });
  const isSilent = cli.quiet && result.failed === 0;
  return { json: result, text: isSilent ? () => '' : copyListText(result), exit: result.failed === 0 ? 0 : 1 };
}

async function readList(file: string): Promise<string> {
  try {
    return (await readSmallFile(file, MAX_LIST_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read the list ${file}`, { hint: 'name a file with one "SOURCE TARGET" to a line' });
  }
}
