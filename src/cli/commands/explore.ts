import { TareError } from '../../base/error.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import type { CommandInput, CommandSpec } from '../spec.ts';

const DEFAULT_ADDRESS = '127.0.0.1:0';

export const command: CommandSpec = {
  name: 'explore',
  arguments: [IMAGE_ARGUMENT],
  summary: 'where every byte is, and why, as a page for the browser',
  description:
    'Makes one page of all that is known of an image: a treemap of its bytes, its layers and what they waste, the reasons why files are there, what was left out of the original, what was used when, settings and findings. It is served to this machine alone until Ctrl-C, or written as one file that loads nothing from anywhere and may be passed on; passwords in settings are masked.',
  options: [
    {
      flags: '--against <image>',
      description: 'the image that it was made from, for what was kept, changed and dropped',
    },
    {
      flags: '--profile <file>',
      description: 'what was recorded while it ran (tare observe, tare shrink --profile-out), for what was used when',
      variable: null,
    },
    {
      flags: '--history <file>',
      description: 'what images weighed before (tare compare --history), for how that has changed',
      variable: null,
    },
    {
      flags: '-o, --output <file>',
      description: 'write the page into this file instead of serving it; an old file is replaced as a whole',
      variable: null,
    },
    { flags: '--open', description: 'show the page in the browser of this machine' },
    {
      flags: '--addr <host:port>',
      description: 'where it is served, on a loopback address; port 0: any that is free',
      defaultText: DEFAULT_ADDRESS,
      variable: 'TARE_EXPLORE_ADDR',
    },
    PLATFORM_OPTION,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare explore app:shrunk --against app:1.0 --output report.html', 'one file for everybody'],
    ['tare explore docker-archive:app.tar --open', 'look at it right away'],
    ['tare explore app:shrunk --against app:1.0 --profile app.profile.json', 'also what is used when'],
  ],
  async run(input) {
    const { cli, options } = input;
    const output = options.text('output');
    if (output !== undefined && options.isTyped('addr'))
      throw new TareError('E_USAGE', '--addr means nothing beside --output', {
        hint: 'a page is written or served: leave one of them out',
      });
    if (output === '' || output?.includes('\0') === true)
      throw new TareError('E_USAGE', `${JSON.stringify(output)} is no file name`);
    const { refuseUnreplaceable, replaceFile } = await import('../../transports/write-file.ts');
    if (output !== undefined) await refuseUnreplaceable(output);
    const { pageOf } = await import('../../report/page/html.ts');
    const page = await pageOf(await dataOf(input));
    if (output === undefined) {
      const { serveExplored } = await import('../explore-serve.ts');
      return serveExplored(page, input, DEFAULT_ADDRESS);
    }
    const { bytesOf } = await import('../../base/streams.ts');
    const bytes = await replaceFile(output, bytesOf(Buffer.from(page.html)), cli.ctx.signal);
    if (options.flag('open')) await (await import('../open-browser.ts')).openBrowser(output, cli);
    return { json: { output, bytes }, text: () => output };
  },
};

async function dataOf({ args, cli, options }: CommandInput) {
  const [{ explore }, { openImage }] = await Promise.all([
    import('../../explain/explore/explore.ts'),
    import('../../transports/index.ts'),
  ]);
  const store = await cli.store();
  const platform = options.text('platform');
  const open = (reference: string) =>
    openImage(reference, { store, ctx: cli.ctx, ...(platform === undefined ? {} : { platform }) });
  const [against, file, history] = [options.text('against'), options.text('profile'), options.text('history')];
  const image = await open(String(args[0]));
  return explore({
    image,
    ...(against === undefined ? {} : { original: await open(against) }),
    ...(file === undefined
      ? {}
      : { profile: await (await import('../../evidence/observed/index.ts')).readProfile(file) }),
    ...(history === undefined ? {} : { trends: await (await import('../../explain/trend.ts')).readTrends(history) }),
    store,
    ctx: cli.ctx,
  });
}
