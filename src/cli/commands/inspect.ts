import { isTareError } from '../../base/error.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'inspect',
  arguments: [IMAGE_ARGUMENT],
  summary: 'what an image is, and what is in it',
  description:
    'Prints what an image is and what is in it: sizes, layers, all settings of its config, distribution, C library, run times and Go modules with their versions, packages, certificates, how old the parts are; of an index also its platforms, alone when none of them is for this machine. At last what is worth a look: a user that is root, setuid files, suspected secrets (path and kind, never the value; also those that a later layer deletes), libraries and symbol versions that are missing. All is read from files, nothing is run. On disk is the content of its files, on the wire the compressed layers; MB are 10^6 bytes.',
  options: [PLATFORM_OPTION, ...REGISTRY_OPTIONS],
  examples: [
    ['tare inspect node-status', 'an image of the store'],
    ['tare inspect docker://example.com/app:1', 'of a registry, with all its platforms'],
    ['tare inspect docker-archive:app.tar --json', 'an archive made by docker save'],
  ],
  async run({ args, cli, options }) {
    const [{ inspect, inspectIndex }, { openImage, openIndex }, { inspectIndexText, inspectText }] = await Promise.all([
      import('../../explain/inspect.ts'),
      import('../../transports/index.ts'),
      import('../../report/inspect.ts'),
    ]);
    const reference = String(args[0]);
    const store = await cli.store();
    const tools = { store, ctx: cli.ctx };
    const platform = options.text('platform');
    const found = await openIndex(reference, tools);
    const index = found === undefined ? undefined : inspectIndex(found);
    try {
      const image = await openImage(reference, { ...tools, ...(platform === undefined ? {} : { platform }) });
      const answer = { ...(await inspect({ image, store, ctx: cli.ctx })), ...(index === undefined ? {} : { index }) };
      return { json: answer, text: inspectText(answer) };
    } catch (error) {
      // Nobody has asked for an image of this machine.
      if (index === undefined || platform !== undefined || !isTareError(error, 'E_PLATFORM')) throw error;
      const { digest, mediaType } = index;
      const answer = { reference, digest, mediaType, index };
      return { json: answer, text: inspectIndexText(answer) };
    }
  },
};
