import { TareError } from '../../base/error.ts';
import { plural } from '../../report/format.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

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
    PLATFORM_OPTION,
  ],
  examples: [
    ['tare sbom node-status -o node-status.spdx.json', 'for scanners and customers'],
    ['tare sbom oci:layout:app --format cyclonedx', 'the other standard, of an image in a folder'],
  ],
  async run({ args, cli, options }) {
    const [{ isSbomFormat, sbom }, { openImage }, { bytesOf }] = await Promise.all([
      import('../../ship/sbom/index.ts'),
      import('../../transports/index.ts'),
      import('../../base/streams.ts'),
    ]);
    const format = options.text('format') ?? 'spdx';
    if (!isSbomFormat(format)) throw new TareError('E_USAGE', `${JSON.stringify(format)} is no format of --format`);
    const store = await cli.store();
    const platform = options.text('platform');
    const open = { store, ctx: cli.ctx, ...(platform === undefined ? {} : { platform }) };
    const image = await openImage(String(args[0]), open);
    const { document, inventory } = await sbom({ image, store, ctx: cli.ctx, format });
    const bytes = Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
    const file = options.text('output');
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
