import type { SbomFormat } from '../../attest/sbom/formats.ts';
import { TareError } from '../../base/error.ts';
import { formatSize, plural } from '../../report/format.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandInput, CommandResult, CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'sbom',
  arguments: [IMAGE_ARGUMENT],
  summary: 'what an image is made of, as SPDX or CycloneDX',
  description:
    'Writes a bill of materials from the package records and the files of an image. Packages of which files were left out are marked, and the files named. Nothing is run; the same image gives the same document.',
  options: [
    {
      flags: '--format <name>',
      description: 'which standard',
      choices: ['spdx', 'cyclonedx'],
      meanings: { spdx: 'SPDX 2.3', cyclonedx: 'CycloneDX 1.6' },
      defaultText: 'spdx',
      variable: 'TARE_SBOM_FORMAT',
    },
    {
      flags: '-o, --output <file>',
      description: 'where to; an old file is replaced as a whole',
      defaultText: 'stdout',
      variable: null,
    },
    {
      flags: '--attach',
      description:
        'put it beside the image, as an artifact that refers to it: in the store, an OCI layout or a registry',
      variable: null,
    },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare sbom node-status -o node-status.spdx.json', 'for scanners and customers'],
    ['tare sbom oci:layout:app --format cyclonedx', 'the other standard, of an image in a folder'],
    ['tare sbom docker://registry.example.com/app:1 --attach', 'for whoever looks at the referrers of the image'],
  ],
  async run(input) {
    const { args, cli, options } = input;
    const file = options.text('output');
    if (options.flag('attach')) return attach(input, file);
    const [{ isSbomFormat }, { sbom }, { openImage }, { bytesOf }] = await Promise.all([
      import('../../attest/sbom/formats.ts'),
      import('../../attest/sbom/index.ts'),
      import('../../transports/index.ts'),
      import('../../base/streams.ts'),
    ]);
    const format = formatOf(options, isSbomFormat);
    const store = await cli.store();
    const platform = options.text('platform');
    const open = { store, ctx: cli.ctx, ...(platform === undefined ? {} : { platform }) };
    const image = await openImage(String(args[0]), open);
    const { document, inventory } = await sbom({ image, store, ctx: cli.ctx, format });
    const bytes = Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
    if (file === undefined) return { json: null, text: () => '', raw: bytesOf(bytes) };
    const { replaceFile } = await import('../../transports/write-file.ts');
    await replaceFile(file, bytesOf(bytes), cli.ctx.signal);
    const partial = inventory.components.filter((component) => component.removed !== null).length;
    const answer = {
      file,
      format,
      packages: inventory.components.length,
      partial,
      files: inventory.components.reduce((sum, component) => sum + component.files.length, inventory.loose.length),
    };
    const told = `${file}: ${plural(answer.packages, 'package')}${partial === 0 ? '' : `, ${partial} of them in part`}, ${plural(answer.files, 'file')}`;
    return { json: answer, text: () => (cli.quiet ? '' : told) };
  },
};

function formatOf(options: Options, isFormat: (name: string) => name is SbomFormat): SbomFormat {
  const format = options.text('format') ?? 'spdx';
  if (isFormat(format)) return format;
  throw new TareError('E_USAGE', `${JSON.stringify(format)} is no format of --format`);
}

async function attach({ args, cli, options }: CommandInput, file: string | undefined): Promise<CommandResult> {
  if (file !== undefined)
    throw new TareError('E_USAGE', '--attach puts the document beside the image, --output into a file', {
      hint: 'leave one of them out',
    });
  const [{ isSbomFormat }, { attachSbom }] = await Promise.all([
    import('../../attest/sbom/formats.ts'),
    import('../../attest/attach.ts'),
  ]);
  const platform = options.text('platform');
  const result = await attachSbom(
    {
      reference: String(args[0]),
      format: formatOf(options, isSbomFormat),
      ...(platform === undefined ? {} : { platform }),
    },
    { store: await cli.store(), ctx: cli.ctx },
  );
  const told = `${result.artifactType} of ${formatSize(result.document.size)} refers to ${result.reference}\n  ${result.digest}`;
  return { json: result, text: () => (cli.quiet ? result.digest : told) };
}
