import { REGISTRY_OPTIONS, registryAccess } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'copy',
  arguments: [
    { ...IMAGE_ARGUMENT, name: '<source>' },
    { name: '<target>', description: 'the same forms' },
  ],
  summary: 'copy an image from one transport to another',
  description: 'Copies an image. Blobs that the target has are not written again.',
  options: [PLATFORM_OPTION, ...REGISTRY_OPTIONS],
  examples: [
    ['tare copy app docker-daemon:app:latest', 'into the local daemon'],
    ['tare copy docker-archive:app.tar app', 'from docker save into the store'],
    ['tare copy app docker://registry.example.com/app:1', 'into a registry'],
    ['tare copy app oci:layout:app', 'a folder that skopeo, umoci and podman read'],
  ],
  async run({ args, cli, options }) {
    const [{ copy }, { copyText }] = await Promise.all([import('../../ship/copy.ts'), import('../../report/copy.ts')]);
    const platform = options.text('platform');
    const result = await copy({
      source: String(args[0]),
      target: String(args[1]),
      store: await cli.store(),
      ctx: cli.ctx,
      ...registryAccess(options),
      ...(platform === undefined ? {} : { platform }),
    });
    return { json: result, text: cli.quiet ? () => '' : copyText(result) };
  },
};
